"""What leaves the pipeline: lists, changes, lineage, figures (contracts, section 2)."""

import dataframely as dy
import polars as pl

from schemas import columns as c
from schemas.codes import (
    Basis,
    Change,
    ChangeReason,
    Confidence,
    IneligibilityGround,
    Outcome,
    PlacementKind,
    PrecinctKind,
    Sex,
    Source,
    UnplacedReason,
)


class VoterListEntry(dy.Schema):
    """voters: one row per voter, in exactly one precinct."""

    voter_id = dy.String(
        primary_key=True, regex=r"^V[0-9A-Z]{13}$", description="stable over releases"
    )
    list_number = dy.Int32(min=1, description="1..n in the precinct, in printed order")
    region_code = c.region_code()
    district_code = c.district_code()
    precinct_number = c.precinct_number()
    constituency = c.text("constituency of the precinct")
    precinct_kind = c.code(PrecinctKind, "kind of precinct")
    pinfl = c.pinfl()
    surname = c.text("surname as registered")
    given_name = c.text("given name as registered")
    patronymic = c.text("patronymic as registered")
    sex = c.code(Sex, "sex")
    birth_date = c.birth_date()
    document_number = c.text("document number as registered; not in CSV, XLSX or print")
    mahalla = c.text("mahalla, standard spelling")
    street = c.text("street, standard spelling")
    house = c.text("house, standard spelling")
    building = c.text("building, standard spelling")
    flat = c.text("flat, standard spelling")
    cadastral_number = c.text("dwelling that the address was found to be")
    basis = c.code(Basis, "why this precinct")
    temporary_elsewhere = dy.Bool(
        description="valid temporary registration in another precinct"
    )
    placement = c.code(PlacementKind, "how the address was placed")
    confidence = c.code(Confidence, "how sure the precinct is", nullable=True)
    flags = c.codes_list("codes of open discrepancies on this voter")


class UnlistedPerson(dy.Schema):
    """unlisted: every person of the register without an entry, with the reason.

    Kept so that "why is this person not on the list" has an answer for everybody.
    """

    person_id = dy.String(primary_key=True, description="stable number of the person")
    pinfl = c.pinfl()
    region_code = c.region_code()
    district_code = c.district_code()
    ground = c.code(
        IneligibilityGround, "why the person may not vote; null if eligible", nullable=True
    )
    article = dy.String(nullable=True, description="article of law behind the ground")
    restriction_record_id = c.record_id(nullable=True)
    decision_id = dy.String(nullable=True, description="decision behind the ground")
    unplaced_reason = c.code(
        UnplacedReason, "why an eligible person stands in no precinct", nullable=True
    )

    @dy.rule()
    def has_one_reason(cls) -> pl.Expr:
        """Whoever is not listed is ineligible or unplaced, not both."""
        return pl.col("ground").is_null() != pl.col("unplaced_reason").is_null()


class ListChange(dy.Schema):
    """changes: one row per change of a voter since the previous release."""

    voter_id = dy.String(primary_key=True, description="the voter")
    change = c.code(Change, "what happened")
    reason = c.code(ChangeReason, "why")
    article = dy.String(nullable=True, description="article of law behind a removal")
    field = dy.String(
        primary_key=True, description="column corrected; empty for other changes"
    )
    before = c.text("value before; of SEPARATED the number of the voter it was part of")
    after = c.text("value after; of MERGED the number of the voter that stays listed")
    region_code_before = c.region_code(nullable=True)
    district_code_before = c.district_code(nullable=True)
    precinct_number_before = c.precinct_number(nullable=True)
    region_code_after = c.region_code(nullable=True)
    district_code_after = c.district_code(nullable=True)
    precinct_number_after = c.precinct_number(nullable=True)

    @dy.rule()
    def removal_has_article(cls) -> pl.Expr:
        """Nobody is removed without an article of law, and only removals have one."""
        return (pl.col("change") == "REMOVED") == pl.col("article").is_not_null()

    @dy.rule()
    def places_fit_the_change(cls) -> pl.Expr:
        """An addition has no place before, a removal none after."""
        before = pl.col("precinct_number_before").is_not_null()
        after = pl.col("precinct_number_after").is_not_null()
        change = pl.col("change")
        return (before == (change != "ADDED")) & (after == (change != "REMOVED"))


class Lineage(dy.Schema):
    """lineage: where every row of persons, restrictions, rosters, decisions went."""

    source = c.code(Source, "table of the delivery")
    record_id = dy.String(description="the supplier's key; file:row where there is none")
    voter_id = dy.String(nullable=True, description="the entry; null: it led to none")
    person_id = dy.String(nullable=True, description="stable number of the person")
    outcome = c.code(Outcome, "where the row ended")
    reason = dy.String(description="closed code")
    rule = dy.String(nullable=True, description="closed code of what tied it")
    weight = c.match_weight()
    pattern = dy.String(nullable=True, description="comparison levels, for the waterfall")


class PrecinctSummary(dy.Schema):
    """precincts: one row per precinct of the election."""

    region_code = c.region_code(primary_key=True)
    precinct_number = c.precinct_number(primary_key=True)
    district_code = c.district_code()
    kind = c.code(PrecinctKind, "kind of precinct")
    constituency = c.text("constituency")
    name = c.text("name")
    address = c.text("address of the polling station")
    voters = c.count("voters listed")
    women = c.count("women listed")
    men = c.count("men listed")
    permanent = c.count("listed by permanent residence")
    temporary = c.count("listed by confirmed temporary residence")
    roster = c.count("listed by roster")
    decision = c.count("listed by decision")
    added = c.count("new since the previous release")
    removed = c.count("gone since the previous release")
    moved = c.count("came from another precinct")
    discrepancies = c.count("open discrepancies of this precinct")
    unplaced_nearby = c.count("eligible people of its district without a precinct")

    @dy.rule()
    def sexes_sum_to_voters(cls) -> pl.Expr:
        """Every voter is counted once by sex."""
        return pl.col("women") + pl.col("men") == pl.col("voters")

    @dy.rule()
    def bases_sum_to_voters(cls) -> pl.Expr:
        """Every voter is counted once by basis."""
        return (
            pl.col("permanent")
            + pl.col("temporary")
            + pl.col("roster")
            + pl.col("decision")
        ) == pl.col("voters")


class Reconciliation(dy.Schema):
    """reconciliation: where every input row went, summed."""

    source = c.code(Source, "table of the delivery")
    region_code = dy.String(description="region as delivered; empty where unreadable")
    district_code = dy.String(description="district as delivered; empty if unreadable")
    outcome = c.code(Outcome, "where the rows ended")
    reason = dy.String(description="closed code")
    rows = c.count("rows of the source")

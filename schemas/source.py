"""One table per source, as delivered: what stage 1 (ingest) gives.

Text stays as registered, any script. Every table begins with `row_id`, a dense number in
the order of the supplier's key (so that it doesn't depend on the order of rows in files),
and ends with `source_file` and `source_row` (1-based number of the data row in that file).
Rows that break a rule here are in quarantine, with the rule's name.
"""

import dataframely as dy
import polars as pl

from schemas import columns as c
from schemas.codes import (
    DatePrecision,
    DecisionKind,
    DocumentType,
    DwellingStatus,
    Gravity,
    ObjectKind,
    Parity,
    PrecinctKind,
    RegistrationKind,
    RestrictionKind,
    Sex,
)


class SourceRow(dy.Schema):
    """What every delivered row carries: its number and where it stood."""

    row_id = c.key("number of the row in the order of the supplier's key")
    source_file = c.text("file within the delivery", nullable=False)
    source_row = dy.Int64(min=1, description="1-based data row in that file")


class RawAddress(dy.Schema):
    """Address columns as delivered: parts, or one line, or both."""

    mahalla = c.text("neighbourhood, as delivered")
    street = c.text("street, as delivered")
    house = c.text("house, as delivered")
    building = c.text("building or block of a house, as delivered")
    flat = c.text("flat, as delivered")
    address_text = c.text("one-line address, where there are no columns for it")
    cadastral_number = c.text("cadastral number, as delivered")


class SourcePerson(SourceRow, RawAddress):
    """mia/persons: one row per registration in the population register."""

    record_id = c.record_id()
    pinfl = c.text("PINFL as delivered; not yet checked")
    surname = c.text("surname as registered")
    given_name = c.text("given name as registered")
    patronymic = c.text("patronymic as registered")
    sex = c.code(Sex, "sex as registered")
    birth_date = c.birth_date()
    birth_date_precision = c.code(DatePrecision, "how much of the birth date is known")
    citizenship = dy.String(
        nullable=True, regex=r"^[A-Z]{3}$", description="ISO 3166-1 alpha-3"
    )
    document_type = c.code(DocumentType, "kind of document", nullable=True)
    document_number = c.text("document number as delivered")
    registration_kind = c.code(RegistrationKind, "kind of registered residence")
    registered_on = c.day("first day of the registration")
    registered_until = c.day("last day of the registration")
    region_code = c.region_code()
    district_code = c.district_code()
    updated_at = c.instant("last change in the source")

    @dy.rule()
    def name_given(cls) -> pl.Expr:
        """A person has at least a surname or a given name."""
        return pl.col("surname").is_not_null() | pl.col("given_name").is_not_null()

    @dy.rule()
    def district_in_region(cls) -> pl.Expr:
        """A district's code begins with its region's code."""
        return pl.col("district_code").str.starts_with(pl.col("region_code"))


class SourceRestriction(SourceRow):
    """mia/restrictions: deaths, incapacity, imprisonment, loss of citizenship."""

    record_id = c.record_id()
    kind = c.code(RestrictionKind, "what happened")
    gravity = c.code(Gravity, "gravity of the crime; imprisonment only", nullable=True)
    pinfl = c.text("PINFL as delivered")
    surname = c.text("surname as written in the act")
    given_name = c.text("given name as written in the act")
    patronymic = c.text("patronymic as written in the act")
    birth_date = c.birth_date(nullable=True)
    birth_date_precision = c.code(
        DatePrecision, "how much of the birth date is known", nullable=True
    )
    valid_from = c.day("first day on which the restriction holds")
    valid_until = c.day("last day on which it holds; null: without end")
    authority = c.text("who decided")
    reference = c.text("number of the act")

    @dy.rule()
    def names_somebody(cls) -> pl.Expr:
        """A restriction names somebody, by PINFL or by name."""
        return pl.any_horizontal(
            pl.col("pinfl").is_not_null(), pl.col("surname").is_not_null()
        )

    @dy.rule()
    def gravity_of_imprisonment_known(cls) -> pl.Expr:
        """An imprisonment has a gravity: without it nobody can judge Article 5."""
        return (pl.col("kind") != "IMPRISONMENT") | pl.col("gravity").is_not_null()

    @dy.rule()
    def period_in_order(cls) -> pl.Expr:
        """A restriction doesn't end before it begins."""
        return (
            pl.col("valid_until").is_null()
            | pl.col("valid_from").is_null()
            | (pl.col("valid_from") <= pl.col("valid_until"))
        )


class SourceDwelling(SourceRow, RawAddress):
    """cadastre/dwellings: real-estate objects that people live in, and others."""

    object_kind = c.code(ObjectKind, "what the object is")
    status = c.code(DwellingStatus, "state of the object")
    region_code = c.region_code()
    district_code = c.district_code()
    owner_pinfl = c.text("PINFL of the owner as delivered")
    owner_name = c.text("name of the owner as delivered")
    floor_area_m2 = dy.Float64(
        nullable=True, min=0, max=1_000_000, description="floor area, square metres"
    )
    rooms = dy.Int32(nullable=True, min=0, max=10_000, description="number of rooms")
    longitude = c.longitude()
    latitude = c.latitude()
    updated_at = c.instant("last change in the source")

    @dy.rule()
    def cadastral_number_given(cls) -> pl.Expr:
        """An object of the cadastre has a cadastral number."""
        return pl.col("cadastral_number").is_not_null()

    @dy.rule()
    def district_in_region(cls) -> pl.Expr:
        """A district's code begins with its region's code."""
        return pl.col("district_code").str.starts_with(pl.col("region_code"))


class SourcePrecinct(SourceRow):
    """cec/precincts: the precincts of this election; key (region, number)."""

    region_code = c.region_code()
    precinct_number = c.precinct_number()
    district_code = c.district_code()
    kind = c.code(PrecinctKind, "kind of precinct")
    constituency = c.text("constituency it belongs to")
    name = c.text("name of the precinct")
    address = c.text("address of the polling station")
    phone = c.text("telephone of the commission")
    longitude = c.longitude()
    latitude = c.latitude()
    boundary_text = c.long_text("the official free-text description of its territory")

    @dy.rule()
    def district_in_region(cls) -> pl.Expr:
        """A district's code begins with its region's code."""
        return pl.col("district_code").str.starts_with(pl.col("region_code"))


class SourceTerritory(SourceRow):
    """cec/territories: structured territories; the most specific rule wins."""

    region_code = c.region_code()
    precinct_number = c.precinct_number()
    district_code = c.district_code(nullable=True)
    mahalla = c.text("neighbourhood")
    street = c.text("street")
    house_from = dy.Int32(nullable=True, min=0, description="first house of the range")
    house_to = dy.Int32(nullable=True, min=0, description="last house of the range")
    parity = c.code(Parity, "which houses of the range", nullable=True)
    cadastral_prefix = c.text("beginning of the cadastral numbers covered")

    @dy.rule()
    def range_in_order(cls) -> pl.Expr:
        """A range of houses doesn't end before it begins."""
        return (
            pl.col("house_from").is_null()
            | pl.col("house_to").is_null()
            | (pl.col("house_from") <= pl.col("house_to"))
        )


class SourceRoster(SourceRow):
    """cec/rosters: voters listed by an institution or a mission abroad."""

    region_code = c.region_code()
    precinct_number = c.precinct_number()
    pinfl = c.text("PINFL as delivered")
    surname = c.text("surname as delivered")
    given_name = c.text("given name as delivered")
    patronymic = c.text("patronymic as delivered")
    birth_date = c.birth_date(nullable=True)
    birth_date_precision = c.code(
        DatePrecision, "how much of the birth date is known", nullable=True
    )
    document_number = c.text("document number as delivered")
    valid_from = c.day("first day of the stay")
    valid_until = c.day("last day of the stay")

    @dy.rule()
    def names_somebody(cls) -> pl.Expr:
        """A roster row names somebody, by PINFL or by name."""
        return pl.any_horizontal(
            pl.col("pinfl").is_not_null(), pl.col("surname").is_not_null()
        )


class DecisionColumns(dy.Schema):
    """What a decision says; by kind, some columns are null."""

    decision_id = dy.String(min_length=1, description="number of the decision")
    kind = c.code(DecisionKind, "what was decided")
    decided_by = c.text("who decided", nullable=False)
    decided_at = c.instant("when")
    reason = c.text("why")
    record_id_a = c.record_id(nullable=True)
    record_id_b = c.record_id(nullable=True)
    record_id = c.record_id(nullable=True)
    field = c.text("column that is corrected")
    value = c.text("corrected value")
    voter_id = c.text("voter decided on")
    pinfl = c.text("PINFL of the voter decided on")
    region_code = c.region_code(nullable=True)
    precinct_number = c.precinct_number(nullable=True)
    withdraws = c.text("number of the decision that a WITHDRAW takes back")
    request_id = c.text("number of the voter's request that the decision answers")


class SourceDecision(SourceRow, DecisionColumns):
    """cec/decisions: what commissions and operators have decided."""

    @dy.rule()
    def pair_named(cls) -> pl.Expr:
        """A verdict on two rows names both."""
        return ~pl.col("kind").is_in(["SAME_PERSON", "DIFFERENT_PERSONS"]) | (
            pl.col("record_id_a").is_not_null() & pl.col("record_id_b").is_not_null()
        )

    @dy.rule()
    def correction_complete(cls) -> pl.Expr:
        """A correction names row and column."""
        return (pl.col("kind") != "CORRECT") | (
            pl.col("record_id").is_not_null() & pl.col("field").is_not_null()
        )

    @dy.rule()
    def voter_named(cls) -> pl.Expr:
        """A decision about a voter names the voter."""
        return pl.col("kind").is_in(
            ["SAME_PERSON", "DIFFERENT_PERSONS", "CORRECT", "REFUSE_REQUEST", "WITHDRAW"]
        ) | pl.any_horizontal(
            pl.col("voter_id").is_not_null(), pl.col("pinfl").is_not_null()
        )

    @dy.rule()
    def precinct_named(cls) -> pl.Expr:
        """An assignment names the precinct by region and number."""
        return (pl.col("kind") != "ASSIGN_PRECINCT") | (
            pl.col("region_code").is_not_null() & pl.col("precinct_number").is_not_null()
        )

    @dy.rule()
    def withdrawn_named(cls) -> pl.Expr:
        """A withdrawal names the decision that it takes back."""
        return (pl.col("kind") != "WITHDRAW") | pl.col("withdraws").is_not_null()

    @dy.rule()
    def request_named(cls) -> pl.Expr:
        """A refusal names the request that it refuses."""
        return (pl.col("kind") != "REFUSE_REQUEST") | pl.col("request_id").is_not_null()


class RequestColumns(dy.Schema):
    """What a voter who asks for another precinct says (my.gov.uz, Electoral Code 28)."""

    request_id = dy.String(min_length=1, description="number of the request")
    submitted_at = dy.Datetime(
        time_unit="us", description="when it was submitted; its date counts for the term"
    )
    voter_id = c.text("voter who asks")
    pinfl = c.text("PINFL of the voter who asks")
    region_code = c.region_code(nullable=True)
    precinct_number = c.precinct_number(nullable=True)
    station_address = c.text("address of the polling station asked for")
    reason = c.text("why")


class SourceRequest(SourceRow, RequestColumns):
    """cec/requests: voters who ask to vote in another precinct, answered by decisions."""

    @dy.rule()
    def voter_named(cls) -> pl.Expr:
        """A request names the voter."""
        return pl.any_horizontal(
            pl.col("voter_id").is_not_null(), pl.col("pinfl").is_not_null()
        )

    @dy.rule()
    def station_named(cls) -> pl.Expr:
        """A request names the precinct by region and number, or the station's address."""
        return (
            pl.col("region_code").is_not_null() & pl.col("precinct_number").is_not_null()
        ) | pl.col("station_address").is_not_null()


class SourceSupplementary(SourceRow):
    """cec/supplementary: voters added by hand on election day."""

    region_code = c.region_code()
    precinct_number = c.precinct_number()
    pinfl = c.text("PINFL as written")
    surname = c.text("surname as written")
    given_name = c.text("given name as written")
    patronymic = c.text("patronymic as written")
    birth_date = c.birth_date(nullable=True)
    birth_date_precision = c.code(
        DatePrecision, "how much of the birth date is known", nullable=True
    )
    document_number = c.text("document number as written")
    added_at = c.instant("when the voter was added")
    reason = c.text("why")


class SourceMahalla(SourceRow):
    """reference/mahallas: register of mahallas."""

    mahalla_code = c.text("code in the mahalla register", nullable=False)
    name = c.text("name as published", nullable=False)
    district_code = c.district_code()
    aliases = c.text("other names, separated by |")


class SourceStreet(SourceRow):
    """reference/streets: street renames, with the day from which the new name holds."""

    district_code = c.district_code()
    old_name = c.text("name before", nullable=False)
    new_name = c.text("name since", nullable=False)
    valid_from = c.day("first day of the new name")


class QuarantinedRow(dy.Schema):
    """A row that a contract refused: where it stood, which rule, and the row itself.

    One row per refused row. `column` is null where the rule is about several columns.
    """

    source = dy.String(description="table of the delivery")
    source_file = c.text("file within the delivery", nullable=False)
    source_row = dy.Int64(min=1, description="1-based data row in that file")
    record_id = c.text("the supplier's key, where it could be read")
    region_code = c.text("region as delivered")
    district_code = c.text("district as delivered")
    column = c.text("column that broke the rule")
    rule = dy.String(description="name of the rule that was broken")
    raw_row = dy.String(nullable=True, description="the row as delivered, JSON")

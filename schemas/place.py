"""Where addresses and people are placed: what stages 4 and 6 give."""

import dataframely as dy

from schemas import columns as c
from schemas.codes import (
    AddressMatchReason,
    Basis,
    Confidence,
    PlacementKind,
    UnplacedReason,
)


class AddressLink(dy.Schema):
    """Each distinct address and the dwelling it was found to be, with the reason.

    The parts are the dwelling's where one was found, the address's own (with mahalla and
    street resolved inside the district) otherwise.
    """

    address_id = c.key("the address")
    dwelling_id = c.reference("the dwelling; null where none was found", nullable=True)
    reason = c.code(AddressMatchReason, "how it was found, or why not")
    match_margin = dy.Float64(
        nullable=True, description="distance to the runner-up, fuzzy matches only"
    )
    region_code = c.region_code()
    district_code = c.district_code()
    mahalla_key = c.comparison_key("mahalla")
    mahalla_kind = dy.String(nullable=True, description="kind of mahalla")
    massif_key = c.comparison_key("massif")
    street_key = c.comparison_key("street")
    lane = dy.String(nullable=True, description="lane")
    house_number = dy.Int32(nullable=True, description="leading number of the house")
    house_key = c.comparison_key("house")
    cadastral_key = c.comparison_key("cadastral number of the dwelling")
    mahalla = c.text("mahalla, standard spelling")
    street = c.text("street, standard spelling")
    house = c.text("house, standard spelling")
    building = c.text("building, standard spelling")
    flat = c.text("flat, standard spelling")
    longitude = c.longitude()
    latitude = c.latitude()
    warnings = c.codes_list("discrepancy codes of this address")
    rival_dwelling_id = c.reference(
        "object that the cadastral number names where the text names another place",
        nullable=True,
    )
    is_confirmed = dy.Bool(
        description="cadastral number and written address name the same place"
    )


class AddressPrecinct(dy.Schema):
    """The precinct whose territory covers an address; one row per address."""

    address_id = c.key("the address")
    region_code = c.region_code(nullable=True)
    precinct_number = c.precinct_number(nullable=True)
    placement = c.code(PlacementKind, "how it was placed", nullable=True)
    unplaced_reason = c.code(UnplacedReason, "why it was not", nullable=True)
    rule_ids = dy.List(
        dy.Int64(), description="coverage rules that fit best: one, or those in conflict"
    )
    warnings = c.codes_list("discrepancy codes of this placement")
    confirmed_by = dy.List(
        dy.String(),
        description="what else names the same precinct: BUILDING, MAP, NUMBER",
    )
    confidence = c.code(Confidence, "how sure the precinct is", nullable=True)


class Placement(dy.Schema):
    """The precinct of each eligible person, or the reason why there is none."""

    person_id = c.key("the person")
    region_code = c.region_code(nullable=True)
    precinct_number = c.precinct_number(nullable=True)
    basis = c.code(Basis, "why this precinct", nullable=True)
    placement = c.code(PlacementKind, "how the address was placed", nullable=True)
    confidence = c.code(Confidence, "how sure the precinct is", nullable=True)
    unplaced_reason = c.code(UnplacedReason, "why nowhere", nullable=True)
    row_id = c.reference("row of mia/persons whose address counts", nullable=True)
    address_id = c.reference("the address that counts", nullable=True)
    roster_row_id = c.reference("row of cec/rosters that moved them", nullable=True)
    decision_row_id = c.reference("row of cec/decisions that decided", nullable=True)
    temporary_elsewhere = dy.Bool(
        description="valid temporary registration in another precinct"
    )
    temporary_region_code = c.region_code(nullable=True)
    temporary_precinct_number = c.precinct_number(nullable=True)
    warnings = c.codes_list("discrepancy codes of this placement")

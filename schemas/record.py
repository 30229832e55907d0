"""Normalised rows: what stage 2 (normalise) gives. Nothing is decided here.

Keys are for comparison and never shown; what is printed comes from the source tables.
"""

import dataframely as dy

from schemas import columns as c
from schemas.codes import (
    CoverageSource,
    DatePrecision,
    DwellingStatus,
    ObjectKind,
    Parity,
    PinflProblem,
    RegistrationKind,
    Sex,
)


class NamedRecord(dy.Schema):
    """The part of a row that tells who somebody is; same columns for every source.

    `*_key` (tier A, lossless fold) may serve as an exact key; `*_loose` (tier B, lossy)
    only finds candidates and grades a comparison.
    """

    row_id = c.key("row of the source table")
    pinfl = c.pinfl()
    pinfl_problem = c.code(
        PinflProblem,
        "why the PINFL can't be an identifier; null if it can or none was given",
        nullable=True,
    )
    pinfl_digits = dy.String(
        nullable=True,
        regex=r"^\d{1,20}$",
        description="digits of a PINFL that can't be an identifier: evidence only",
    )
    surname_key = c.comparison_key("surname, lossless fold")
    given_name_key = c.comparison_key("given name, lossless fold")
    patronymic_key = c.comparison_key("patronymic, lossless fold")
    surname_loose = c.comparison_key("surname without sex ending, lossy fold")
    given_name_loose = c.comparison_key("given name, lossy fold")
    patronymic_loose = c.comparison_key("root of the patronymic, lossy fold")
    patronymic_sex = c.code(Sex, "sex that the patronymic form shows", nullable=True)
    birth_date = c.birth_date(nullable=True)
    birth_date_precision = c.code(
        DatePrecision, "how much of the birth date is known", nullable=True
    )
    document_key = dy.String(
        nullable=True,
        regex=r"^[A-Z]{2}\d{7}$",
        description="document number with look-alike letters folded; null if malformed",
    )
    warnings = c.codes_list("discrepancy codes seen while reading this row")


class PersonRecord(NamedRecord):
    """mia/persons normalised: one row per registration."""

    record_id = c.record_id()
    sex = c.code(Sex, "sex as registered")
    citizenship = dy.String(
        nullable=True, regex=r"^[A-Z]{3}$", description="ISO 3166-1 alpha-3"
    )
    registration_kind = c.code(RegistrationKind, "kind of registered residence")
    registered_on = c.day("first day of the registration")
    registered_until = c.day("last day of the registration")
    region_code = c.region_code()
    district_code = c.district_code()
    address_id = c.reference("its address in AddressRecord", nullable=True)
    updated_at = c.instant("last change in the source")


class AddressParts(dy.Schema):
    """An address in parts: keys to compare by, and one standard spelling to print."""

    region_code = c.region_code()
    district_code = c.district_code()
    mahalla_key = c.comparison_key("mahalla without its type word; numbers kept")
    mahalla_kind = dy.String(
        nullable=True, regex=r"^(MFY|QFY|SFY|OFY)$", description="kind of mahalla"
    )
    massif_key = c.comparison_key("massif, block, quarter")
    street_key = c.comparison_key("street without its type word and lane")
    lane = dy.String(
        nullable=True,
        description="number of the lane; part of the street's identity",
    )
    house_number = dy.Int32(
        nullable=True, min=0, description="leading number of the house, for ranges"
    )
    house_key = c.comparison_key("house with letter and fraction: 28A, 28/1, 2/3/4")
    building_key = c.comparison_key("building or corps within the house")
    flat_key = c.comparison_key("flat")
    cadastral_key = c.comparison_key("cadastral number in canonical form")
    mahalla = c.text("mahalla in standard spelling")
    street = c.text("massif, street and lane in standard spelling")
    house = c.text("house in standard spelling")
    building = c.text("building in standard spelling")
    flat = c.text("flat in standard spelling")
    unread = c.text("words that were not understood")
    warnings = c.codes_list("discrepancy codes seen while reading this address")


class AddressRecord(AddressParts):
    """One distinct address of mia/persons."""

    address_id = c.key("number of the distinct address")


class DwellingRecord(AddressParts):
    """cadastre/dwellings normalised: one row per object."""

    dwelling_id = c.key("row of cadastre/dwellings")
    object_kind = c.code(ObjectKind, "what the object is")
    status = c.code(DwellingStatus, "state of the object")
    owner_pinfl = c.pinfl()
    floor_area_m2 = dy.Float64(nullable=True, description="floor area, square metres")
    rooms = dy.Int32(nullable=True, description="number of rooms")
    longitude = c.longitude()
    latitude = c.latitude()


class PrecinctCoverage(dy.Schema):
    """One coverage rule of a precinct: the addresses it covers (or excludes).

    A null column doesn't restrict. The most specific rule that fits an address wins;
    at equal specificity a territory row beats a text.
    """

    rule_id = c.key("number of the rule")
    region_code = c.region_code()
    precinct_number = c.precinct_number()
    district_code = c.district_code()
    source = c.code(CoverageSource, "where the rule was read")
    mahalla_key = c.comparison_key("mahalla")
    mahalla_kind = dy.String(
        nullable=True, regex=r"^(MFY|QFY|SFY|OFY)$", description="kind of mahalla"
    )
    massif_key = c.comparison_key("massif, block, quarter")
    street_key = c.comparison_key("street")
    lane = dy.String(nullable=True, description="lane; null: the street and its lanes")
    house_from = dy.Int32(nullable=True, min=0, description="first house")
    house_to = dy.Int32(nullable=True, min=0, description="last house")
    parity = c.code(Parity, "which houses of the range")
    cadastral_prefix = dy.String(nullable=True, description="beginning of numbers")
    is_exclusion = dy.Bool(description="these addresses are not covered (… dan tashqari)")
    is_remainder = dy.Bool(description="what no other precinct covers (qolgan …)")
    is_doubtful = dy.Bool(
        description="words that were not understood may mean a part of this place: "
        "places nobody, and keeps more general rules of others from it"
    )


class BoundaryReading(dy.Schema):
    """How much of a precinct's boundary text was understood: one row per precinct."""

    row_id = c.key("row of cec/precincts")
    region_code = c.region_code()
    precinct_number = c.precinct_number()
    district_code = c.district_code()
    rule_count = c.count("coverage rules read from text and territory rows")
    unread = c.long_text("words that were not understood; null: all were")

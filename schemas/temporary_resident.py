"""Whom a commission asks at the door: voters who may vote at a temporary residence."""

import dataframely as dy

from schemas import columns as c


class TemporaryResident(dy.Schema):
    """temporary_residents: one row per voter listed at home and registered elsewhere too.

    The commissions of both precincts have the row. Their answer comes back as a decision,
    CONFIRM_TEMPORARY or CONFIRM_PERMANENT (practice of the CEC in 2019). No PINFL, no
    document number.
    """

    voter_id = dy.String(primary_key=True, description="the voter")
    region_code = c.region_code()
    district_code = c.district_code()
    precinct_number = c.precinct_number()
    surname = c.text("surname as registered")
    given_name = c.text("given name as registered")
    patronymic = c.text("patronymic as registered")
    birth_date = c.birth_date()
    address = c.text("permanent residence, where the voter is listed")
    temporary_region_code = c.region_code()
    temporary_district_code = c.district_code()
    temporary_precinct_number = c.precinct_number()
    temporary_address = c.text("temporary residence")
    temporary_until = c.day("last day of the temporary registration")

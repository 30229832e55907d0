"""What is told to whoever a change of the list concerns: one letter a voter."""

import dataframely as dy

from schemas import columns as c
from schemas.codes import Change


def _told(what: str, language: str) -> dy.String:
    return dy.String(description=f"{what}, in {language}")


class Notice(dy.Schema):
    """notices: one row per voter whom a change concerns, ready for mail merge.

    The commission of the precinct that lists the voter sends it, of a removed voter the
    one that did. No PINFL, no document number.
    """

    voter_id = dy.String(primary_key=True, description="the voter")
    change = c.code(Change, "what happened; of several the one that matters most")
    region_code = c.region_code()
    district_code = c.district_code()
    precinct_number = c.precinct_number()
    surname = c.text("surname as registered")
    given_name = c.text("given name as registered")
    patronymic = c.text("patronymic as registered")
    address = c.text("where the letter goes")
    salutation_uz_latin = _told("salutation", "Uzbek, Latin letters")
    what_uz_latin = _told("what changed", "Uzbek, Latin letters")
    why_uz_latin = _told("why, with the legal ground", "Uzbek, Latin letters")
    action_uz_latin = _told("what to do and by when", "Uzbek, Latin letters")
    salutation_uz_cyrillic = _told("salutation", "Uzbek, Cyrillic letters")
    what_uz_cyrillic = _told("what changed", "Uzbek, Cyrillic letters")
    why_uz_cyrillic = _told("why, with the legal ground", "Uzbek, Cyrillic letters")
    action_uz_cyrillic = _told("what to do and by when", "Uzbek, Cyrillic letters")
    salutation_ru = _told("salutation", "Russian")
    what_ru = _told("what changed", "Russian")
    why_ru = _told("why, with the legal ground", "Russian")
    action_ru = _told("what to do and by when", "Russian")

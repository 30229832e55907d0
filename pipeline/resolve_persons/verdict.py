"""What a pair of person records may become, whatever its weight.

Weights treat columns as independent; families are not. Twins share surname, patronymic,
birth date, address and often the year of their documents; father and son share a name;
sisters all but one. So a merge needs agreement on given name, sex and birth date, and a
pair that looks like kin is left alone. A voter wrongly removed is worse than a duplicate
that a commission has to look at.
"""

from dataclasses import dataclass

from schemas.codes import ReviewCause

SAME = frozenset({"exact", "loose"})
CLOSE = SAME | {"typo"}
NEARBY = CLOSE | {"near"}


@dataclass(frozen=True)
class Verdict:
    """May the pair be merged; if not, may it be asked, and why is it asked."""

    may_merge: bool
    may_ask: bool
    cause: ReviewCause


MERGEABLE = Verdict(True, True, ReviewCause.NOT_CERTAIN)
DIFFERENT = Verdict(False, False, ReviewCause.NOT_CERTAIN)


def _ask(cause: ReviewCause) -> Verdict:
    return Verdict(False, True, cause)


def judge(levels: dict[str, str]) -> Verdict:
    """Verdict on a pattern: comparison to level, missing ones left out."""
    surname = levels.get("surname") or levels.get("surname_of_women")
    given_name = levels.get("given_name")
    patronymic = levels.get("patronymic")
    has_document = levels.get("document") == "exact"
    has_identifier = levels.get("identifier") in ("exact", "one_digit")
    # One document, one birth date: a slip in the name, even where nobody else has it.
    is_slip = given_name == "near" and has_document
    if given_name not in CLOSE and not is_slip:
        return _judge_other_given_name(
            levels, given_name, has_document=has_document, has_identifier=has_identifier
        )
    if levels.get("sex") == "other" and not _is_sex_slip(levels):
        known = has_document or has_identifier
        return _ask(ReviewCause.SEX_DIFFERS) if known else DIFFERENT
    if surname not in NEARBY and patronymic not in NEARBY:
        known = has_document or has_identifier
        return _ask(ReviewCause.NOT_CERTAIN) if known else DIFFERENT
    is_other_birth = levels.get("birth_date") in ("other", "generation")
    if is_other_birth or levels.get("birth_year") == "other":
        return _judge_other_birth_date(
            levels, surname, patronymic, known=has_document or has_identifier
        )
    if "birth_date" not in levels and not (has_document or has_identifier):
        return _ask(ReviewCause.NOT_CERTAIN)
    if patronymic is not None and patronymic not in NEARBY and not has_document:
        return _ask(ReviewCause.NOT_CERTAIN)
    return MERGEABLE


def _is_sex_slip(levels: dict[str, str]) -> bool:
    """The number says one sex and one of the rows the other; twins have other names."""
    told = ("surname", "given_name", "patronymic", "birth_date", "identifier")
    return all(levels.get(name) == "exact" for name in told)


def _judge_other_given_name(
    levels: dict[str, str],
    given_name: str | None,
    *,
    has_document: bool,
    has_identifier: bool,
) -> Verdict:
    """Twins and sisters, unless a document or a number says otherwise."""
    if has_document:
        return _ask(ReviewCause.DOCUMENT_SHARED)
    if has_identifier and levels.get("birth_date") == "exact":
        return _ask(ReviewCause.PINFL_SHARED)
    if given_name == "near":
        return _ask(ReviewCause.SIMILAR_GIVEN_NAMES)
    return DIFFERENT


def _judge_other_birth_date(
    levels: dict[str, str],
    surname: str | None,
    patronymic: str | None,
    *,
    known: bool,
) -> Verdict:
    """Father and son, grandfather and grandson: the same name, another birth.

    Brothers do not share a given name, so full agreement of three names at one address
    is asked.
    """
    is_at_home = levels.get("residence") == "address"
    is_full_name = surname in CLOSE and patronymic in CLOSE
    if known or (is_at_home and is_full_name):
        return _ask(ReviewCause.BIRTH_DATE_DIFFERS)
    return DIFFERENT

"""Words of review sheets in Uzbek (Latin, Cyrillic) and Russian, and what a sheet holds."""

from functools import cache

from pipeline.tables import reference_table

ANSWERS = ("verdict", "decided_by", "decided_at", "reason")
"""What a clerk fills in."""
ABOUT = ("usefulness", "question", "chance", "chance_nearby", "differences")
COMPARED = (
    "surname",
    "given_name",
    "patronymic",
    "sex",
    "birth_date",
    "pinfl",
    "district",
    "address",
    "list_place",
)
"""Shown for both rows side by side."""
FOLDED = ("surname", "given_name", "patronymic")
"""Names: another script or case is no difference."""
NOT_A_DIFFERENCE = ("list_place",)
"""Two rows always differ in it."""
KEYS = ("release_id", "discrepancy_id", "record_id_a", "record_id_b", "check")
"""Hidden: what ties a row to its question."""
COLUMNS = (
    "number",
    *ANSWERS,
    *ABOUT,
    *(f"{name}_{side}" for name in COMPARED for side in "ab"),
    "document",
    *KEYS,
)
LANGUAGES = ("uz_latn", "uz_cyrl", "ru")


@cache
def words(kind: str) -> dict[str, tuple[str, str, str]]:
    """Code to its words in the three languages."""
    rows = reference_table("review_words")
    return {
        row["code"]: (row["uz_latn"], row["uz_cyrl"], row["ru"])
        for row in rows.to_dicts()
        if row["kind"] == kind
    }


def three(kind: str, code: str, joint: str = " / ") -> str:
    """One text in three languages; a word they share is said once."""
    return joint.join(dict.fromkeys(words(kind)[code]))


def header(column: str, joint: str = " / ") -> str:
    """Head of a column: three languages, then its name in brackets for programs."""
    name, _, side = column.rpartition("_")
    if side in ("a", "b") and name in COMPARED:
        number = "1" if side == "a" else "2"
        return f"{number}. {three('column', name, joint)}{joint}[{column}]"
    return f"{three('column', column, joint)}{joint}[{column}]"


def verdict_choices() -> list[str]:
    """Entries of the drop-down list: the code first, then what it means."""
    return [f"{code}: {three('verdict', code)}" for code in words("verdict")]

"""Parts of a canonical cadastral number as expressions (domain.md 3.3)."""

WIDTHS = (2, 2, 2, 2, 2, 4, 4, 3)
BUILDING_PARTS = 7
PARCEL_PARTS = 6


def parts_of(column: str) -> str:
    """How many parts a number has."""
    return f"(length({column}) - length(replace({column}, ':', '')) + 1)"


def first_parts(column: str, parts: int) -> str:
    """The first parts of a number, by position (fixed widths)."""
    return f"left({column}, {sum(WIDTHS[:parts]) + parts - 1})"

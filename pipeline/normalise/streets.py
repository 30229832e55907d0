"""Names of streets: Russian forms, the printed form, and renames.

What belongs here: what is true of streets alone. Russian texts decline a street's name
(улица Навои, Бабура, Ахунбабаева); data/reference/place_names_ru.csv gives the common
ones back, and the ending -ova, -eva after a Russian type word goes. Other Russian
spellings keep their own key: whether they are the same street is for the matching inside
the district to say.
"""

import datetime
import re
from functools import cache

import duckdb
import polars as pl

from pipeline.normalise.address_grammar import read_items
from pipeline.normalise.address_items import Item
from pipeline.normalise.places import (
    join_display,
    join_key,
    name_parts,
    place_key,
    plain_text,
)
from pipeline.tables import reference_table

_GENITIVE = re.compile(r"(?<=.{3}[oe]v)a$|(?<=.{3}[ое]в)а$|(?<=.{3}ёв)а$")


@cache
def _russian_names() -> dict[tuple[str, str], list[str]]:
    table = reference_table("place_names_ru")
    return {
        (slot, place_key(russian) or ""): name_parts(uzbek)
        for slot, russian, uzbek in table.select("slot", "russian", "uzbek").iter_rows()
    }


def street_name(words: tuple[str, ...], *, is_russian: bool) -> list[str]:
    """The words of a street's name, as Uzbek has them where that is certain.

    Args:
        words: plain words and numbers, as written.
        is_russian: the type word is Russian or stands before the name, so that the name
            may be in the genitive.
    """
    parts = [word for word in words if word]
    if not is_russian:
        return parts
    known = _russian_names().get(("STREET", join_key(parts) or ""))
    if known is not None:
        return known
    if parts:
        parts[-1] = _GENITIVE.sub("", plain_text(parts[-1]))
    return parts


def massif_name(words: tuple[str, ...]) -> list[str]:
    """The words of a massif's or village's name; well-known Russian spellings replaced."""
    names = [word for word in words if not word[0].isdigit()]
    numbers = [word for word in words if word[0].isdigit()]
    return [*_russian_names().get(("MASSIF", join_key(names) or ""), names), *numbers]


def street_display(parts: list[str], lane: str | None, form: str) -> str | None:
    """A street in standard spelling: Nilufar koʻchasi, Gulyor 4-tor koʻchasi."""
    name = join_display(parts)
    if lane is not None:
        number, _, kind = lane.partition("-")
        if not kind:
            kind = "" if number in ("tor", "berk") else "tor"
        shown = f"{number}-{kind} koʻchasi" if kind else f"{number} koʻchasi"
        return f"{name} {shown}" if name else shown
    if name is None:
        return None
    if form == "name":
        return name
    if parts and parts[-1].isdigit() and len(parts) == 1:
        return f"{name}-koʻcha"
    return f"{name} {form or 'koʻchasi'}"


def street_identity(text: str | None) -> tuple[str | None, str | None]:
    """Key and lane of a street's name given alone, as in a register of streets."""
    if not text:
        return None, None
    items = [item for item in read_items(text) if item.slot in ("STREET", "NAME")]
    if len(items) != 1:
        return None, None
    item: Item = items[0]
    parts = street_name(item.words, is_russian=item.is_russian)
    return join_key(parts), item.number or None


def street_aliases(
    engine: duckdb.DuckDBPyConnection,
    streets: duckdb.DuckDBPyRelation,
    as_of: datetime.date,
) -> duckdb.DuckDBPyRelation:
    """Old street keys and the key that holds on a day: both names lead to one street.

    Chains of renames are followed to their end. A rename without a first day holds; one
    whose first day is after `as_of` does not yet. Renames that contradict each other (one
    old name, two new ones on the same last day) or run in a circle give no row.

    Args:
        engine: the engine.
        streets: SourceStreet.
        as_of: the day on which the names are judged.

    Returns:
        district_code, street_key_old, lane_old, street_key_new, lane_new; one row per old
        name of a district.
    """
    rows = streets.filter(
        f"valid_from IS NULL OR valid_from <= DATE '{as_of.isoformat()}'"
    ).pl()
    aliases = _follow(_renames(rows))
    frame = pl.DataFrame(
        aliases,
        schema=[
            "district_code",
            "street_key_old",
            "lane_old",
            "street_key_new",
            "lane_new",
        ],
        orient="row",
        schema_overrides=dict.fromkeys(
            ["district_code", "street_key_old", "lane_old", "street_key_new", "lane_new"],
            pl.String,
        ),
    )
    engine.register("normalise_street_aliases_frame", frame.to_arrow())
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE normalise_street_aliases AS "
        "FROM normalise_street_aliases_frame"
    )
    engine.unregister("normalise_street_aliases_frame")
    return engine.table("normalise_street_aliases")


_Street = tuple[str, str, str | None]
_Renames = dict[_Street, tuple[datetime.date, _Street]]


def _renames(rows: pl.DataFrame) -> _Renames:
    """Old street -> day and new street, the latest of each; none where two contradict."""
    latest: dict[_Street, tuple[datetime.date, set[_Street]]] = {}
    for district, old, new, since in rows.select(
        "district_code", "old_name", "new_name", "valid_from"
    ).iter_rows():
        old_key, old_lane = street_identity(old)
        new_key, new_lane = street_identity(new)
        if old_key is None or new_key is None:
            continue
        source, target = (district, old_key, old_lane), (district, new_key, new_lane)
        day = since or datetime.date.min
        known_day, targets = latest.get(source, (day, set()))
        if day > known_day:
            known_day, targets = day, set()
        if day == known_day:
            latest[source] = (known_day, targets | {target})
    return {
        source: (day, next(iter(targets)))
        for source, (day, targets) in latest.items()
        if len(targets) == 1
    }


def _follow(renames: _Renames) -> list[tuple[str | None, ...]]:
    """Each old street with the end of its chain; circles are left out.

    A name that another street took later on is no alias: it is that street's own.
    """
    taken = {target: day for day, target in sorted(renames.values(), key=str)}
    aliases: list[tuple[str | None, ...]] = []
    for source in sorted(renames, key=str):
        day, street = renames[source]
        if taken.get(source, datetime.date.min) > day:
            continue
        seen = {source}
        while street in renames and street not in seen and renames[street][0] >= day:
            seen.add(street)
            day, street = renames[street]
        if street not in seen:
            aliases.append((*source, street[1], street[2]))
    return aliases

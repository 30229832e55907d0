"""The wording of precinct boundaries in the style of official announcements.

What belongs here: turning claims on territory into the text that commissions publish, in
Uzbek Latin, Uzbek Cyrillic or Russian, with their habits: a list of mahallas, streets of
a mahalla, houses of a street; sometimes no mahalla at all; sometimes nothing that can be
looked up.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.simulate.country import LANE, MASSIF, Country, Street, canonical_place
from pipeline.simulate.noise import misspell
from pipeline.simulate.precincts import Claim, Precinct
from pipeline.simulate.spelling import Style, spell

VAGUE = (
    "Mahalla markazi va unga tutash hududlar chegaralarida.",
    "Maktab atrofidagi aholi xonadonlari.",
    "Сой бўйидаги ва тепалик этагидаги хонадонлар.",
    "Территория, прилегающая к школе и рынку.",
    "Avvalgi saylovdagi chegaralar o'zgarishsiz qoldirilsin.",
)


def boundary_text(
    rng: np.random.Generator,
    precinct: Precinct,
    country: Country,
    misspelt: float,
    can_drop_mahalla: bool,
) -> str:
    """The official text of a territorial precinct.

    Args:
        rng: source of chance: alphabet, wording, slips.
        precinct: with at least one claim.
        country: names of places.
        misspelt: share of street names with a slip.
        can_drop_mahalla: its street names are unique in the district, so that the text
            may name streets only.
    """
    style = rng.choice(
        [Style.LATIN, Style.LATIN_PROPER, Style.LATIN_CURLY, Style.LATIN_TICK]
    )
    language = rng.choice(["uz", "cyr", "ru"], p=[0.72, 0.18, 0.10])
    district = country.districts[precinct.district]
    whole = [c for c in precinct.claims if c.street is None]
    streets = [c for c in precinct.claims if c.street is not None]
    if language == "ru":
        return _russian(rng, district.name_ru, whole, streets, country, misspelt)
    drop = can_drop_mahalla and not whole and rng.random() < 0.25
    text = _uzbek(
        rng, canonical_place(district.name_uz), whole, streets, country, misspelt, drop
    )
    return spell(text, Style.CYRILLIC if language == "cyr" else Style(int(style)))


def _street_name(street: Street) -> str:
    return f"{street.name} {street.lane}-tor" if street.kind == LANE else street.name


def _slip(rng: np.random.Generator, name: str, misspelt: float) -> str:
    return misspell(rng, name) if rng.random() < misspelt else name


def _uzbek(
    rng: np.random.Generator,
    district: str,
    whole: Sequence[Claim],
    claims: Sequence[Claim],
    country: Country,
    misspelt: float,
    drop: bool,
) -> str:
    pieces = []
    if whole:
        names = [country.mahallas[c.mahalla].name for c in whole]
        word = "mahallasi" if len(names) == 1 or rng.random() < 0.6 else "mahallalari"
        pieces.append(f"{_join(rng, names)} {word} aholi punkti")
    plain: list[str] = []
    houses: list[str] = []
    for claim in claims:
        street = country.streets[claim.street or 0]
        name = _slip(rng, _street_name(street), misspelt)
        if claim.house_from is not None:
            houses.append(f"{name} {_word(street)} {_houses_uzbek(claim)}")
        elif street.kind == MASSIF:
            houses.append(f"{name} mavzesi")
        else:
            plain.append(name)
    if claims and not whole and not drop:
        pieces.append(f"{country.mahallas[claims[0].mahalla].name} mahallasi")
    if plain:
        word = "ko'chalari" if len(plain) > 1 else "ko'chasi"
        pieces.append(f"{', '.join(plain)} {word}" + ("," if houses else ""))
    elif whole and houses:
        pieces[-1] += ","
    pieces.append(", ".join(houses))
    ending = "chegaralarida." if rng.random() < 0.8 else "barcha aholi hududlari."
    return " ".join(piece for piece in (district, *pieces, ending) if piece)


def _join(rng: np.random.Generator, names: Sequence[str]) -> str:
    if len(names) > 1 and rng.random() < 0.3:
        return ", ".join(names[:-1]) + " va " + names[-1]
    return ", ".join(names)


def _word(street: Street) -> str:
    return "mavzesi" if street.kind == MASSIF else "ko'chasi"


def _houses_uzbek(claim: Claim) -> str:
    if claim.parity == "ODD":
        return f"{claim.house_from}-{claim.house_to}-uylar (toq tomoni)"
    if claim.parity == "EVEN":
        return f"{claim.house_from}-{claim.house_to}-uylar (juft tomoni)"
    return f"{claim.house_from}-{claim.house_to}-uylar"


def _russian(
    rng: np.random.Generator,
    district: str,
    whole: Sequence[Claim],
    claims: Sequence[Claim],
    country: Country,
    misspelt: float,
) -> str:
    pieces = [district]
    if whole:
        names = [spell(country.mahallas[c.mahalla].name, Style.RUSSIAN) for c in whole]
        pieces.append(("махалля " if len(names) == 1 else "махалли ") + ", ".join(names))
    elif claims:
        name = country.mahallas[claims[0].mahalla].name
        pieces.append("махалля " + spell(name, Style.RUSSIAN))
    plain = []
    houses = []
    for claim in claims:
        street = country.streets[claim.street or 0]
        name = spell(_slip(rng, street.name, misspelt), Style.RUSSIAN)
        said = f"{name} {street.lane}-й проезд" if street.kind == LANE else name
        kind = "массив" if street.kind == MASSIF else "ул."
        if claim.house_from is not None:
            side = {"ODD": " (нечётная сторона)", "EVEN": " (чётная сторона)"}
            numbers = f"дома {claim.house_from}-{claim.house_to}"
            houses.append(f"{kind} {said}, {numbers}{side.get(claim.parity, '')}")
        elif street.kind == MASSIF:
            houses.append(f"массив {said}")
        else:
            plain.append(said)
    if plain:
        pieces.append(("улицы " if len(plain) > 1 else "улица ") + ", ".join(plain))
    text = ", ".join(pieces)
    return "; ".join([text, *houses]) + "."

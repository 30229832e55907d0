"""Names of the simulated country, drawn in real skew and spelt in every style.

What belongs here: the tables of data/reference/simulation as numbers, and the cache of
their spellings. A name's number runs through all peoples.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.simulate.arrays import Flags, Ints
from pipeline.simulate.spelling import Style, spell
from pipeline.tables import reference_table

PEOPLES = ("UZBEK", "TAJIK", "TRADITION", "RUSSIAN", "TATAR", "KOREAN", "KARAKALPAK")
_GIVEN_OF = {"TAJIK": "UZBEK", "TRADITION": "UZBEK", "KOREAN": "RUSSIAN"}
SKEW = 0.85
"""Exponent of Zipf's law for names: the commonest surnames hold above 1 % each."""
_TWINS = {(False, True): "Hasan", (False, False): "Husan"}
_TWIN_SISTERS = {True: "Fotima", False: "Zuhra"}


class NameBook:
    """Given names and surnames by people and sex, and how each is spelt."""

    def __init__(self) -> None:
        """Read the tables."""
        given = reference_table("simulation/given_names").rows(named=True)
        surnames = reference_table("simulation/surnames").rows(named=True)
        self._given: list[str] = [row["name"] for row in given]
        self._surname: list[str] = [row["surname"] for row in surnames]
        self._agrees: list[bool] = [row["agreement"] == "ov" for row in surnames]
        self._given_ids = {
            (people, sex): np.array(
                [
                    number
                    for number, row in enumerate(given)
                    if row["people"] == _GIVEN_OF.get(people, people) and row["sex"] == sex
                ]
            )
            for people in PEOPLES
            for sex in "MF"
        }
        self._surname_ids = {
            people: np.array(
                [n for n, row in enumerate(surnames) if row["people"] == people]
            )
            for people in PEOPLES
        }
        self._cache: dict[tuple[str, int, int, int], str] = {}

    def draw_given(self, rng: np.random.Generator, folk: Ints, is_female: Flags) -> Ints:
        """A given name for everybody, by people and sex."""
        drawn = np.zeros(len(folk), dtype=np.int64)
        for number, people in enumerate(PEOPLES):
            for sex, wanted in (("M", ~is_female), ("F", is_female)):
                where = np.flatnonzero((folk == number) & wanted)
                drawn[where] = _draw(rng, self._given_ids[people, sex], len(where))
        return drawn

    def draw_surnames(self, rng: np.random.Generator, folk: Ints) -> Ints:
        """A surname for everybody, by people."""
        drawn = np.zeros(len(folk), dtype=np.int64)
        for number, people in enumerate(PEOPLES):
            where = np.flatnonzero(folk == number)
            drawn[where] = _draw(rng, self._surname_ids[people], len(where))
        return drawn

    @staticmethod
    def has_twin_names(folk: Ints) -> Flags:
        """Whether this people calls twins Hasan and Husan, Fotima and Zuhra."""
        return np.isin(folk, [PEOPLES.index(p) for p in ("UZBEK", "TAJIK", "TRADITION")])

    def twin_name(self, is_female: Flags, *, elder: bool) -> Ints:
        """The traditional name of the elder or younger twin."""
        son = self._given.index("Hasan" if elder else "Husan")
        daughter = self._given.index("Fotima" if elder else "Zuhra")
        return np.where(is_female, daughter, son)

    def surname(self, number: int, is_female: bool, style: int) -> str:
        """A surname in agreement with the sex."""
        return self._spelt("surname", number, int(is_female), style)

    def given(self, number: int, style: int) -> str:
        """A given name."""
        return self._spelt("given", number, 0, style)

    def patronymic(self, father: int, is_female: bool, style: int, form: int) -> str:
        """The patronymic from the father's given name; form 1 is `o'g'li` and `qizi`."""
        return self._spelt("patronymic", father, int(is_female) + 2 * form, style)

    def _spelt(self, part: str, number: int, variant: int, style: int) -> str:
        key = (part, number, variant, style)
        text = self._cache.get(key)
        if text is None:
            text = spell(self._canonical(part, number, variant), Style(style))
            self._cache[key] = text
        return text

    def _canonical(self, part: str, number: int, variant: int) -> str:
        if part == "given":
            return self._given[number]
        if part == "surname":
            return feminine(self._surname[number], self._agrees[number], bool(variant))
        return patronymic(self._given[number], bool(variant % 2), national=variant >= 2)


def _draw(rng: np.random.Generator, numbers: Ints, count: int) -> Ints:
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    weight = 1.0 / np.arange(2, len(numbers) + 2) ** SKEW
    edges = np.cumsum(weight / weight.sum())
    found = np.searchsorted(edges, rng.random(count))
    return numbers[np.minimum(found, len(numbers) - 1)]


def feminine(surname: str, agrees: bool, is_female: bool) -> str:
    """The surname as a woman bears it."""
    if not (agrees and is_female):
        return surname
    return surname + ("а" if "а" <= surname[-1] <= "я" else "a")


def patronymic(father: str, is_female: bool, *, national: bool) -> str:
    """The patronymic in the father's own alphabet."""
    if _is_cyrillic(father):
        if national:
            return father + (" кизи" if is_female else " угли")
        return _russian_patronymic(father, is_female)
    if national:
        if _is_karakalpak(father):
            return father + (" qızı" if is_female else " ulı")
        return father + (" qizi" if is_female else " o'g'li")
    ending = "ovna" if is_female else "ovich"
    if father[-1] in "aeiouáóúı" or father.endswith("o'"):
        ending = "ye" + ending[1:]
    elif father[-1] == "y":
        ending = "e" + ending[1:]
    return father + ending


def _russian_patronymic(father: str, is_female: bool) -> str:
    known = {"Илья": ("Ильич", "Ильинична"), "Никита": ("Никитич", "Никитична"),
             "Павел": ("Павлович", "Павловна"), "Пётр": ("Петрович", "Петровна"),
             "Дмитрий": ("Дмитриевич", "Дмитриевна"),
             "Михаил": ("Михайлович", "Михайловна")}  # fmt: skip
    if father in known:
        return known[father][is_female]
    for ending, put in (("ий", "ьев"), ("й", "ев"), ("ь", "ев")):
        if father.endswith(ending):
            return father.removesuffix(ending) + put + ("на" if is_female else "ич")
    return father + ("овна" if is_female else "ович")


def _is_cyrillic(text: str) -> bool:
    return any("а" <= letter <= "я" for letter in text.lower())


def _is_karakalpak(text: str) -> bool:
    return any(letter in "áǵńóúıÁǴŃÓÚ" for letter in text)


def spelt_words(words: Sequence[str], style: int) -> list[str]:
    """Place names in one style."""
    return [spell(word, Style(style)) for word in words]

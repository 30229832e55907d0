"""How clerks write addresses: three languages, their abbreviations, columns or one line.

What belongs here: the wording of a dwelling's address. The words are the simulator's own
list of what is seen in registers, not the pipeline's dictionary of what it can read.
"""

from pipeline.simulate.country import FRACTION, LANE, LETTER, MASSIF, Country
from pipeline.simulate.spelling import Style, spell

LATIN, CYRILLIC, RUSSIAN, ROMAN = range(4)
_LANGUAGE = {
    Style.CYRILLIC: CYRILLIC,
    Style.CYRILLIC_FALLBACK: CYRILLIC,
    Style.RUSSIAN: RUSSIAN,
    Style.RUSSIAN_PLAIN: RUSSIAN,
    Style.ROMAN: ROMAN,
    Style.ROMAN_PLAIN: ROMAN,
}
WORDINGS = 12
"""A wording is a number below this; it chooses among the forms below."""

_MAHALLA = {
    LATIN: ("{x} {kind}", "{x} {kind}", "{x} mahallasi", "{x} mah.", "{x}", "{x} M.F.Y."),
    CYRILLIC: ("{x} {kind}", "{x} маҳалласи", "{x} мах.", "{x}"),
    RUSSIAN: ("махалля {x}", "МСГ {x}", "{x} МСГ", "мах. {x}", "{x}"),
    ROMAN: ("{x} {kind}", "mah. {x}", "MSG {x}", "{x}"),
}
_KIND_CYRILLIC = {"MFY": "МФЙ", "QFY": "ҚФЙ", "OFY": "ОФЙ"}
_STREET = {
    LATIN: ("{x} ko'chasi", "{x} ko'ch.", "{x} k.", "{x} kuchasi", "{x}", "{x} k-chasi"),
    CYRILLIC: ("{x} кўчаси", "{x} кўч.", "{x} к.", "{x} кучаси", "{x}"),
    RUSSIAN: ("ул. {x}", "улица {x}", "{x} ул.", "ул {x}"),
    ROMAN: ("ul. {x}", "{x} kuchasi", "ul {x}", "{x} kuch."),
}
_LANE = {
    LATIN: ("{x} {n}-tor ko'chasi", "{x} {n}-tor k.", "{x} {n}-tor", "{n}-tor {x} k."),
    CYRILLIC: ("{x} {n}-тор кўчаси", "{x} {n}-тор к.", "{x} {n} тор кўча"),
    RUSSIAN: ("{n}-й проезд {x}", "{x} {n}-й пр.", "{n} пр-д {x}", "{x} {n}-тор"),
    ROMAN: ("{x} {n}-tor kuch.", "{n}-y proezd {x}", "{x} {n} tor"),
}
_MASSIF = {
    LATIN: ("{x} mavzesi", "{x} massivi", "{x} mavze", "{x} dahasi", "{x}"),
    CYRILLIC: ("{x} мавзеси", "{x} массиви", "{x} даҳаси"),
    RUSSIAN: ("массив {x}", "м-в {x}", "квартал {x}", "{x} кв-л"),
    ROMAN: ("massiv {x}", "{x} massivi", "kv-l {x}"),
}
_HOUSE = {
    LATIN: ("{x}", "{x}", "{x}", "{x}-uy", "uy {x}"),
    CYRILLIC: ("{x}", "{x}", "{x}-уй", "{x} уй"),
    RUSSIAN: ("{x}", "{x}", "д. {x}", "дом {x}", "д.{x}"),
    ROMAN: ("{x}", "{x}", "d. {x}", "dom {x}"),
}
_FLAT = {
    LATIN: ("{x}", "{x}", "{x}-xonadon", "xon. {x}", "{x}-xon."),
    CYRILLIC: ("{x}", "{x}-хонадон", "хон. {x}"),
    RUSSIAN: ("{x}", "кв. {x}", "кв.{x}", "квартира {x}"),
    ROMAN: ("{x}", "kv. {x}", "kv {x}"),
}
_BUILDING = {
    LATIN: ("{x}", "{x}-bino", "{x}-korpus"),
    CYRILLIC: ("{x}", "{x}-бино"),
    RUSSIAN: ("{x}", "корп. {x}", "к. {x}"),
    ROMAN: ("{x}", "korp. {x}"),
}
_LINE_HOUSE = {LATIN: "{x}-uy", CYRILLIC: "{x}-уй", RUSSIAN: "дом {x}", ROMAN: "d. {x}"}
_LINE_FLAT = {
    LATIN: "{x}-xonadon",
    CYRILLIC: "{x}-хонадон",
    RUSSIAN: "кв. {x}",
    ROMAN: "kv. {x}",
}
_LINE_BUILDING = {
    LATIN: "{x}-bino",
    CYRILLIC: "{x}-бино",
    RUSSIAN: "корп. {x}",
    ROMAN: "korp. {x}",
}

Parts = tuple[str | None, str | None, str | None, str | None, str | None]
"""Mahalla, street, house, building, flat."""


class AddressWriter:
    """Writes addresses of one country; remembers the spellings it has made."""

    def __init__(self, country: Country) -> None:
        """Take the places; nothing is spelt yet."""
        self._country = country
        self._spelt: dict[tuple[str, int], str] = {}
        dwellings = country.dwellings
        self._street = dwellings.street.tolist()
        self._house = dwellings.house.tolist()
        self._suffix_kind = dwellings.suffix_kind.tolist()
        self._building = dwellings.building.tolist()
        self._flat = dwellings.flat.tolist()

    def _spell(self, name: str, style: int) -> str:
        key = (name, style)
        text = self._spelt.get(key)
        if text is None:
            text = self._spelt[key] = spell(name, Style(style))
        return text

    def parts(self, dwelling: int, style: int, wording: int, *, old_name: bool) -> Parts:
        """The address in columns.

        Args:
            dwelling: number of the dwelling.
            style: alphabet; it decides the language.
            wording: a number below WORDINGS squared; which of the forms.
            old_name: use the street's name from before it was renamed, if it was.
        """
        language = _LANGUAGE.get(Style(style), LATIN)
        street_number = self._street[dwelling]
        mahalla = self._country.mahallas[self._country.streets[street_number].mahalla]
        kind = _KIND_CYRILLIC[mahalla.kind] if language == CYRILLIC else mahalla.kind
        forms = _MAHALLA[language]
        mahalla_text = forms[wording % len(forms)].format(
            x=self._spell(mahalla.name, style), kind=kind
        )
        street_text = self._street_text(street_number, style, wording, old_name)
        forms = _HOUSE[language]
        house = forms[wording // WORDINGS % len(forms)].format(
            x=self._house_text(dwelling, language, wording)
        )
        building = self._numbered(_BUILDING[language], self._building[dwelling], wording)
        flat = self._numbered(_FLAT[language], self._flat[dwelling], wording)
        return mahalla_text, street_text, house, building, flat

    def _street_text(self, number: int, style: int, wording: int, old_name: bool) -> str:
        street = self._country.streets[number]
        language = _LANGUAGE.get(Style(style), LATIN)
        table = {LANE: _LANE, MASSIF: _MASSIF}.get(street.kind, _STREET)
        forms = table[language]
        name = street.old_name if old_name and street.old_name else street.name
        form = forms[(wording // 2) % len(forms)]
        form = self._spell(form, style) if "'" in form else form
        return form.format(x=self._spell(name, style), n=street.lane)

    def _house_text(self, dwelling: int, language: int, wording: int) -> str:
        house = str(self._house[dwelling])
        kind = self._suffix_kind[dwelling]
        if kind == LETTER:
            letter = "А" if language in (CYRILLIC, RUSSIAN) else "A"
            forms = ("{h}{a}", "{h}-{a}", "{h} {a}", "{h}{b}", "{h}-{b}")
            form = forms[wording % len(forms)]
            return form.format(h=house, a=letter, b=letter.lower())
        if kind == FRACTION:
            return f"{house}/1"
        return house

    @staticmethod
    def _numbered(forms: tuple[str, ...], number: int, wording: int) -> str | None:
        if number == 0:
            return None
        return forms[wording // 3 % len(forms)].format(x=number)

    def line(self, dwelling: int, style: int, wording: int, *, old_name: bool) -> str:
        """The address in one line, mostly with its region and district."""
        language = _LANGUAGE.get(Style(style), LATIN)
        country = self._country
        street_number = self._street[dwelling]
        mahalla = country.mahallas[country.streets[street_number].mahalla]
        district = country.districts[mahalla.district]
        mahalla_text = self.parts(dwelling, style, wording, old_name=old_name)[0] or ""
        name = district.name_ru if language == RUSSIAN else district.name_uz
        pieces = []
        if wording % 4:
            written = name if language == RUSSIAN else self._district(name, style, wording)
            pieces.append(written)
        pieces.append(mahalla_text)
        pieces.append(self._street_text(street_number, style, wording, old_name))
        house = self._house_text(dwelling, language, wording)
        pieces.append(_LINE_HOUSE[language].format(x=house))
        if self._building[dwelling]:
            pieces.append(_LINE_BUILDING[language].format(x=self._building[dwelling]))
        if self._flat[dwelling]:
            pieces.append(_LINE_FLAT[language].format(x=self._flat[dwelling]))
        return ", ".join(pieces)

    def _district(self, name: str, style: int, wording: int) -> str:
        plain = name.replace("ʻ", "'").replace("ʼ", "'")
        if wording % 3 == 0:
            plain = plain.removesuffix("umani").removesuffix("hahri") + "."
            plain = plain.replace(" t.", " t.").replace(" s.", " sh.")
            if plain.endswith(("t.", "sh.")) is False:
                plain = name
        return self._spell(plain, style)

    def standard_parts(self, dwelling: int, spelling: int) -> Parts:
        """The address as the cadastre writes it: Uzbek Latin, few abbreviations."""
        mahalla, street, _, building, flat = self.parts(
            dwelling, spelling, 0, old_name=False
        )
        house = self._house_text(dwelling, LATIN, dwelling % 3)
        return mahalla, street, house, building, flat

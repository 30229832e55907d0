"""How dirty the simulated registers are: every rate is a parameter with its reason.

What belongs here: shares of rows or people. The defaults are meant for a country like
Uzbekistan; tests raise single ones.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Faults:
    """Shares (0 to 1) of what goes wrong, of rows unless said otherwise.

    Kinds of a person's further rows (`moved`, `temporary`, `reissued`, `duplicate`) are
    relative weights: the number of registrations asked for decides how many there are.
    """

    moved: float = 0.095
    """Earlier permanent registrations that are still in the register."""
    moved_open: float = 0.3
    """Share of those that nobody closed: two permanent registrations stand open."""
    temporary: float = 0.095
    """Temporary registrations; a legitimate pair with the permanent one."""
    temporary_valid: float = 0.75
    """Share of those that still run on election day."""
    reissued: float = 0.035
    """Rows kept under an earlier document, or a woman's earlier surname."""
    duplicate: float = 0.012
    """The same human entered twice, mostly without PINFL. The Kenyan audit of 2017 found
    1.5 % duplicates; 0.1 to 3 % is the range worth testing."""
    pinfl_missing: float = 0.03
    """Current rows without PINFL: registrations older than the identifier."""
    pinfl_missing_old: float = 0.35
    """The same for earlier rows, which were migrated from paper."""
    pinfl_missing_duplicate: float = 0.75
    """The same for rows entered twice: with a PINFL the second entry would be refused."""
    pinfl_typo: float = 0.004
    """One digit wrong or two neighbours swapped; the check digit finds nearly all."""
    pinfl_short: float = 0.0005
    """Thirteen digits: one was lost."""
    pinfl_of_other: float = 0.0005
    """PINFL of another person, check digit and all: a clerk picked the wrong line."""
    name_typo: float = 0.015
    """A letter wrong in one of the three names."""
    name_swapped: float = 0.001
    """Surname and given name in each other's column."""
    name_mixed_styles: float = 0.06
    """Each name written in another alphabet, as after partial migrations."""
    name_homoglyph: float = 0.003
    """A Cyrillic letter inside a Latin word, or the other way round."""
    patronymic_missing: float = 0.02
    style_changed: float = 0.35
    """Further rows written in another alphabet than the person's first one."""
    maiden_surname: float = 0.7
    """Earlier rows of married women who changed their surname and stand under the old."""
    birth_swapped: float = 0.004
    """Day and month swapped, where the day can be a month."""
    birth_january: float = 0.01
    """1 January stands in for an unknown day; born before 1975 only."""
    birth_year_only: float = 0.004
    """Only the year is given; born before 1975 only."""
    sex_wrong: float = 0.0003
    document_look_alike: float = 0.004
    """A Cyrillic letter in the series of a document."""
    twin: float = 0.02
    """Share of children who are followed by a twin; nature has about 1 %, more bites."""
    brothers_next_door: float = 0.25
    """Households whose head is the brother of the head next door: same surname, same
    patronymic, neighbouring house."""
    foreigner: float = 0.006
    """Foreigners with a residence permit and a PINFL, as share of households."""
    citizenship_missing: float = 0.01
    no_residence: float = 0.002
    """People whose registration was ended and who have no other."""
    eighteen_on_the_day: float = 0.0008
    """People born within two days of the last birth date that may vote."""
    address_one_line: float = 0.15
    """Rows whose address is one line instead of columns."""
    address_typo: float = 0.02
    """A letter wrong in street or mahalla."""
    mahalla_missing: float = 0.05
    house_missing: float = 0.004
    street_missing: float = 0.003
    old_street_name: float = 0.3
    """Rows on a renamed street that still have the old name."""
    street_renamed: float = 0.05
    """Streets that were renamed; in 2025 every name had to be registered anew."""
    cadastral_given: float = 0.55
    """Rows with a cadastral number: presidential resolution PP-3961 binds them, but about
    7 million dwellings were not digitised in 2021."""
    cadastral_wrong: float = 0.004
    dwelling_missing: float = 0.03
    """Dwellings that the cadastre doesn't have."""
    dwelling_demolished: float = 0.005
    dwelling_commercial: float = 0.004
    dwelling_empty: float = 0.06
    """Dwellings nobody lives in; a third of them are land, shops or building sites."""
    dwelling_rebuilt: float = 0.003
    """Houses that stand twice in the cadastre: demolished, and rebuilt under the number."""
    death: float = 0.008
    """People reported dead whose registration still stands (Kenya 2017: 0.5 % confirmed,
    5 % estimated)."""
    incapacity: float = 0.0008
    imprisonment: float = 0.003
    citizenship_loss: float = 0.0004
    restriction_pinfl_missing: float = 0.3
    """Acts that name people without PINFL."""
    restriction_name_changed: float = 0.4
    """Acts that write the name in another alphabet, with a slip, or without patronymic."""
    restriction_of_stranger: float = 0.03
    """Acts about people who are not in this register."""
    restriction_expired: float = 0.25
    """Share of imprisonments that ended before election day."""
    rostered: float = 0.004
    """People on the roster of an institution or a mission abroad."""
    roster_expired: float = 0.1
    decided: float = 0.003
    """People about whom a commission has decided."""
    territory_rows: float = 0.15
    """Precincts given by structured territories instead of text."""
    boundary_unreadable: float = 0.02
    """Precincts whose text names no place that can be looked up."""
    boundary_misspelt: float = 0.02
    """Streets misspelt in a boundary text."""
    precinct_on_map: float = 0.6
    """Precincts that are drawn on the map; nobody publishes outlines of all of them."""
    outline_shifted: float = 0.02
    """Outlines on the map that stand a street or two off."""
    outline_swapped: float = 0.005
    """Outlines whose longitude and latitude were swapped."""
    coordinate_missing: float = 0.1
    """Dwellings of the cadastre without coordinates."""
    coordinate_wrong: float = 0.003
    """Dwellings whose coordinates are those of another dwelling."""
    damaged: float = 0.0002
    """Rows beyond the registrations asked for that no contract can let in."""

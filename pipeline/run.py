"""The frozen Run: everything that decides what a night's build gives.

What belongs here: parameters with their units and legal sources. No clock, no
environment: whoever starts a run says what day it is.
"""

import dataclasses
import datetime
import hashlib
import json
import tomllib
from pathlib import PurePosixPath
from typing import Any

from pipeline.errors import ConfigurationError

VERSION = "0.1.0"


@dataclasses.dataclass(frozen=True)
class Policy:
    """What the law or the commission leaves open; unconfirmed facts are parameters."""

    voting_age_years: int = 18
    """Electoral Code, Article 4: citizens who have reached 18 on election day."""
    citizenship: str = "UZB"
    citizenship_missing_is_citizen: bool = True
    """Registers without the column hold citizens; such voters are flagged."""
    temporary_residence: str = "confirmed"
    """`confirmed`: counts after a decision; `valid`: counts while it lasts; `ignored`."""
    precinct_voters_min: int = 20
    precinct_voters_max: int = 3000
    """Electoral Code, Article 10: as a rule 20 to 3,000 voters."""
    implausible_age_years: int = 105
    crowded_adults_min: int = 12
    """So many adults in a dwelling are never a question."""
    crowded_m2_per_adult: float = 6.0
    """Fewer square metres per adult are a question for the commission."""
    crowded_adults_per_room: float = 4.0
    """More adults per room are one too."""
    polling_place_km_max: float = 5.0
    """A street farther from its polling place is a question."""
    polling_place_nearer_km_min: float = 1.5
    """Nearer to its polling place than this, no other is a question."""
    polling_place_nearer_share: float = 0.25
    """Another polling place is much nearer at this share of the way, or less."""
    jump_share: float = 0.2
    """A mahalla or street that grew by more since the last release is a question …"""
    jump_voters_min: int = 50
    """… if it grew by at least so many voters."""
    document_number_in_csv: bool = False
    decisions_complete: bool = True
    """A delivery holds every decision so far: one that is missing is asked about. False:
    it holds only new ones. Either way a recorded decision stands until it is withdrawn."""
    request_working_days: int = 1
    """A request for another precinct is answered within so many working days (my.gov.uz,
    2023); the day it is submitted doesn't count."""
    working_days_per_week: int = 5
    """From Monday on; no source confirms the week of those who answer."""
    holidays: tuple[str, ...] = ()
    """Days off besides, as 2026-12-08; the government sets them year by year."""

    def __post_init__(self) -> None:
        """Refuse at the start what would fail when the night's work is done."""
        for day in self.holidays:
            try:
                datetime.date.fromisoformat(day)
            except ValueError as error:
                raise ConfigurationError(
                    f"policy.holidays: {day!r} is no day such as 2026-12-08"
                ) from error
        if not 1 <= self.working_days_per_week <= 7:
            raise ConfigurationError("policy.working_days_per_week must be 1 to 7")


@dataclasses.dataclass(frozen=True)
class Linkage:
    """Thresholds of person resolution: log2 odds that a pair is one person.

    Odds after the prior, so that they mean the same in a district and in a country: 16
    bits are one wrong link in 65,000, 0 bits are even odds.
    """

    merge_weight_bits: float = 16.0
    review_weight_bits: float = 0.0
    parameters: str = ""
    """File of frozen parameters, written by `selv train`; none: fitted every night."""
    parameters_sha256: str = ""
    """What the file's hash must be; filled in from the file where it is not given."""
    seed: int = 1


@dataclasses.dataclass(frozen=True)
class Safety:
    """Circuit breakers: beyond these a release stays a candidate and is not current."""

    source_shrink_share_max: float = 0.2
    district_loss_share_max: float = 0.05
    quarantine_share_max: float = 0.05
    pinfl_missing_share_max: float = 0.5
    false_link_share_max: float = 0.001
    """Decoys linked to somebody, for certain (lower end of the 95 % interval)."""
    decoys_count: int = 10_000
    """Records that can match nobody, made each night; never more than a tenth of all."""
    removals_floor_count: int = 50
    """Losses of fewer voters than this never stop a release."""


LETTERS = ("latin", "cyrillic", "russian")
"""Of the headings of printed lists: Uzbek in two alphabets, or Russian."""


@dataclasses.dataclass(frozen=True)
class Files:
    """Which files a release holds beside Parquet and CSV."""

    xlsx: bool = True
    """A workbook beside every CSV file."""
    xlsx_sheet_per_precinct: bool = False
    """Lists of voters on one sheet a precinct instead of one for the district."""
    pdf: bool = False
    """Printed lists of every precinct; a country's take hours, `selv print` makes one."""
    pdf_letters: str = "latin"
    """Letters of their headings: latin, cyrillic or russian."""
    notice_days_before_election: int = 3
    """Notices ask for an answer until so many days before election day; no source confirms
    a term, and the right to apply does not end with it."""

    def __post_init__(self) -> None:
        """Refuse at the start what would fail when the night's work is done."""
        if self.pdf_letters not in LETTERS:
            raise ConfigurationError(
                f"files.pdf_letters {self.pdf_letters!r}; known: {', '.join(LETTERS)}"
            )


@dataclasses.dataclass(frozen=True)
class Resources:
    """What the machine lends; never changes a result."""

    memory_limit_mib: int = 6144
    threads: int = 2


@dataclasses.dataclass(frozen=True)
class Run:
    """One build: its inputs, its parameters, its folders."""

    delivery: str
    output: str
    election_date: datetime.date
    as_of: datetime.date
    work: str
    """Folder of the run's own tables; safe to delete once the run is over."""
    previous: str | None = None
    election: str = ""
    policy: Policy = Policy()
    linkage: Linkage = Linkage()
    safety: Safety = Safety()
    files: Files = Files()
    resources: Resources = Resources()
    profiles: str | None = None
    """Folder of source profiles (TOML); a profile inside the delivery comes first."""
    signing_key: str | None = None
    """File of the Ed25519 private key (PEM) that signs the manifest."""
    finder_key: str | None = None
    """File of the secret of the station finder; without it there is no such table."""
    finder_key_id: str | None = None
    """Name of that secret (find_station.key_id): another secret, another release."""

    @property
    def election_name(self) -> str:
        """Folder of the election below `output`: its name, or its date."""
        return self.election or self.election_date.isoformat()

    def parameters(self) -> dict[str, Any]:
        """What decides the result, for the manifest: no paths, no resources."""
        return {
            "version": VERSION,
            "election": self.election_name,
            "election_date": self.election_date.isoformat(),
            "as_of": self.as_of.isoformat(),
            "policy": dataclasses.asdict(self.policy),
            "linkage": {
                name: value
                for name, value in dataclasses.asdict(self.linkage).items()
                if name != "parameters"
            },
            "safety": dataclasses.asdict(self.safety),
            "station_finder": self.finder_key_id,
            "files": dataclasses.asdict(self.files),
        }


TEXTS = ("election", "profiles", "signing_key", "finder_key")
SECTIONS: dict[str, type[Any]] = {
    "policy": Policy,
    "linkage": Linkage,
    "safety": Safety,
    "files": Files,
    "resources": Resources,
}


def read_settings(text: str, name: str) -> dict[str, Any]:
    """Sections of a configuration file as keyword arguments of Run.

    Args:
        text: TOML with the sections policy, linkage, safety, files, resources.
        name: what to call the file in an error.

    Raises:
        ConfigurationError: not TOML, or an unknown section or key, or a wrong type.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name}: not valid TOML: {error}") from error
    settings: dict[str, Any] = {}
    for section, values in content.items():
        if section in TEXTS:
            if not isinstance(values, str):
                raise ConfigurationError(f"{name}: {section} must be text")
            settings[section] = values
            continue
        if section not in SECTIONS:
            known = ", ".join([*TEXTS, *SECTIONS])
            raise ConfigurationError(f"{name}: unknown section {section}; known: {known}")
        settings[section] = _section(SECTIONS[section], values, f"{name}: {section}")
    return settings


def _section(kind: type[Any], values: dict[str, Any], where: str) -> object:
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}
    for key, value in values.items():
        if key not in defaults:
            known = ", ".join(sorted(defaults))
            raise ConfigurationError(f"{where}.{key} is unknown; known: {known}")
        expected = type(defaults[key])
        if expected is tuple and isinstance(value, list):
            # TOML has days of its own: 2026-12-08 without quotes is meant as well.
            values = {**values, key: tuple(str(item) for item in value)}
            continue
        if expected is float and isinstance(value, int) and not isinstance(value, bool):
            continue
        if type(value) is not expected:
            raise ConfigurationError(f"{where}.{key} must be {expected.__name__}")
    return kind(**values)


def fingerprint(value: object) -> str:
    """SHA-256 of a JSON value with sorted keys: equal values, equal text."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def join(folder: str, *parts: str) -> str:
    """A path below a folder; the folder may be a URL such as s3://bucket/x."""
    return "/".join([folder.rstrip("/"), str(PurePosixPath(*parts))])

"""What an evaluation found: counts and shares, as a table for people and as JSON.

What belongs here: frozen values and their rendering. How they are counted stands in
evaluate.py.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any


def share(part: int, whole: int) -> float | None:
    """Part of a whole; null where there is nothing to divide by."""
    return part / whole if whole else None


@dataclasses.dataclass(frozen=True)
class PersonAccuracy:
    """How well rows of mia/persons were brought to human beings."""

    rows: int
    true_pairs: int
    """Pairs of delivered rows that are the same human being."""
    linked_pairs: int
    """Pairs that the release has as one person."""
    right_pairs: int
    flagged_pairs: int
    """True pairs that were not merged but are shown as POSSIBLE_DUPLICATE."""
    true_persons: int
    clusters: int
    exact_clusters: int
    """Clusters that hold all rows of one human being and no other."""
    persons_without_entry: int
    """Human beings who lost their own entry to another: the worst error."""
    extra_entries: int
    """Entries beyond one per human being."""
    flags: int
    """Pairs of clusters shown as POSSIBLE_DUPLICATE."""
    right_flags: int

    @property
    def precision(self) -> float | None:
        """Share of linked pairs that are true."""
        return share(self.right_pairs, self.linked_pairs)

    @property
    def recall(self) -> float | None:
        """Share of true pairs that are linked."""
        return share(self.right_pairs, self.true_pairs)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall over pairs."""
        return share(2 * self.right_pairs, self.linked_pairs + self.true_pairs)

    @property
    def recall_with_flags(self) -> float | None:
        """Share of true pairs that are linked or shown for review."""
        return share(self.right_pairs + self.flagged_pairs, self.true_pairs)

    @property
    def cluster_precision(self) -> float | None:
        """Share of clusters that are exactly one human being."""
        return share(self.exact_clusters, self.clusters)

    @property
    def cluster_recall(self) -> float | None:
        """Share of human beings who are exactly one cluster."""
        return share(self.exact_clusters, self.true_persons)


@dataclasses.dataclass(frozen=True)
class PlacementAccuracy:
    """Where voters were placed; people who are truly eligible and were held to be."""

    right: int
    """In the precinct where they vote; or unplaced, having no residence at all."""
    wrong: int
    wrong_by_basis: Mapping[str, int]
    """By the true basis and the basis in the release, `ROSTER>PERMANENT`."""
    unplaced_by_reason: Mapping[str, int]
    """Have a precinct, but the release doesn't know which."""
    listed_twice: int
    """Voters with more than one entry, however placed."""

    @property
    def unplaced(self) -> int:
        """Voters without a precinct who should have one."""
        return sum(self.unplaced_by_reason.values())

    @property
    def precision(self) -> float | None:
        """Share of placed voters who are in the right precinct."""
        return share(self.right, self.right + self.wrong)


@dataclasses.dataclass(frozen=True)
class EligibilityAccuracy:
    """Who was held to be eligible, and on which ground not."""

    right: int
    wrongly_removed: Mapping[str, int]
    """Eligible people held to be ineligible, by the ground given."""
    wrongly_listed: Mapping[str, int]
    """Ineligible people held to be eligible, by the true ground."""
    wrong_ground: Mapping[str, int]
    """Ineligible either way, on another ground: `true>given`."""
    merged_away: int
    """Eligible people who lost their entry to another person."""
    not_delivered: int
    """Eligible people none of whose rows could be read."""


@dataclasses.dataclass(frozen=True)
class ReferenceAccuracy:
    """Whom the rows of one other source (restrictions, rosters) were brought to."""

    source: str
    right: int
    wrong: int
    for_review: int
    """Not linked, but shown to a human with the candidates."""
    missed: int
    strangers_left_alone: int
    """Rows about nobody of this register that were brought to nobody."""


@dataclasses.dataclass(frozen=True)
class FaultRecall:
    """How the release coped with rows that have one kind of fault."""

    source: str
    fault: str
    rows: int
    true_pairs: int
    """True pairs of such rows with any other row; of persons only."""
    right: int
    """True pairs linked; for restrictions and rosters, rows linked right."""
    voters: int
    """Eligible people with a precinct who have such a row; of persons only."""
    placed_right: int

    @property
    def recall(self) -> float | None:
        """Share of the pairs (or rows, of other sources) that were linked right."""
        return share(self.right, self.true_pairs)

    @property
    def placed_right_share(self) -> float | None:
        """Share of those voters who are in the right precinct."""
        return share(self.placed_right, self.voters)


@dataclasses.dataclass(frozen=True)
class DamageRecall:
    """Rows damaged on purpose and found by the rule that had to find them."""

    rule: str
    damaged: int
    found: int
    beyond: int
    """Rows refused by this rule that nobody damaged."""


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """A release measured against the truth of its delivery."""

    persons: PersonAccuracy
    placement: PlacementAccuracy
    eligibility: EligibilityAccuracy
    references: tuple[ReferenceAccuracy, ...]
    faults: tuple[FaultRecall, ...]
    damage: tuple[DamageRecall, ...]

    def to_dict(self) -> dict[str, Any]:
        """All counts and shares, ready for JSON."""
        return {
            "persons": _counts_and_shares(self.persons),
            "placement": _counts_and_shares(self.placement),
            "eligibility": _counts_and_shares(self.eligibility),
            "references": [_counts_and_shares(value) for value in self.references],
            "faults": [_counts_and_shares(value) for value in self.faults],
            "damage": [_counts_and_shares(value) for value in self.damage],
        }

    def render(self) -> str:
        """A plain-text table for people."""
        parts = [
            _section("Persons", _counts_and_shares(self.persons)),
            _section("Placement", _counts_and_shares(self.placement)),
            _section("Eligibility", _counts_and_shares(self.eligibility)),
            _grid("Rows brought to persons", self.references),
            _grid("By fault", self.faults),
            _grid("Damaged rows", self.damage),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"


def _counts_and_shares(value: object) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in dataclasses.fields(value):  # type: ignore[arg-type]
        content = getattr(value, field.name)
        found[field.name] = dict(content) if isinstance(content, Mapping) else content
    for name, content in vars(type(value)).items():
        if isinstance(content, property):
            found[name] = getattr(value, name)
    return found


def _text(content: object) -> str:
    if content is None:
        return "-"
    if isinstance(content, float):
        return f"{content:.4%}"
    if isinstance(content, int):
        return f"{content:,}"
    return str(content)


def _section(title: str, values: Mapping[str, Any]) -> str:
    lines = [title]
    for name, content in values.items():
        label = name.replace("_", " ")
        if isinstance(content, Mapping):
            lines.append(f"  {label:<28}{sum(content.values()):>14,}")
            lines += [f"    {key:<26}{count:>14,}" for key, count in content.items()]
        else:
            lines.append(f"  {label:<28}{_text(content):>14}")
    return "\n".join(lines)


def _grid(title: str, rows: Iterable[object]) -> str:
    records = [_counts_and_shares(row) for row in rows]
    if not records:
        return ""
    names = list(records[0])
    cells = [[name.replace("_", " ") for name in names]]
    cells += [[_text(record[name]) for name in names] for record in records]
    widths = [max(len(row[n]) for row in cells) for n in range(len(names))]
    is_text = [isinstance(records[0][name], str) for name in names]
    lines = [title]
    for row in cells:
        padded = (
            text.ljust(width) if left else text.rjust(width)
            for text, width, left in zip(row, widths, is_text, strict=True)
        )
        lines.append("  " + "  ".join(padded).rstrip())
    return "\n".join(lines)

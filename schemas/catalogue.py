"""Every table of a run by name, in the order data meets them.

The name is the file's name in the run's folder; docs/tables.md is generated from here.
"""

import dataframely as dy

from schemas.decision import (
    Correction,
    DecidedVoter,
    Decision,
    LedgerDecision,
    PrecinctRequest,
)
from schemas.discrepancy import (
    CadastreDiscrepancy,
    CecDiscrepancy,
    CommissionDiscrepancy,
    Discrepancy,
    MiaDiscrepancy,
    ResolvedDiscrepancy,
)
from schemas.eligibility import EligibilityDecision
from schemas.linkage import LinkageModel, ReferenceLink, ReviewEntry, ReviewPair
from schemas.notice import Notice
from schemas.person import NumberChange, Person, PersonLink, StableId
from schemas.place import AddressLink, AddressPrecinct, Placement
from schemas.record import (
    AddressRecord,
    BoundaryReading,
    DwellingRecord,
    NamedRecord,
    PersonRecord,
    PrecinctCoverage,
)
from schemas.source import (
    QuarantinedRow,
    SourceDecision,
    SourceDwelling,
    SourceMahalla,
    SourcePerson,
    SourcePrecinct,
    SourceRequest,
    SourceRestriction,
    SourceRoster,
    SourceStreet,
    SourceSupplementary,
    SourceTerritory,
)
from schemas.temporary_resident import TemporaryResident
from schemas.voter_list import (
    Lineage,
    ListChange,
    PrecinctSummary,
    Reconciliation,
    UnlistedPerson,
    VoterListEntry,
)

SOURCES: dict[str, type[dy.Schema]] = {
    "mia/persons": SourcePerson,
    "mia/restrictions": SourceRestriction,
    "cadastre/dwellings": SourceDwelling,
    "cec/precincts": SourcePrecinct,
    "cec/territories": SourceTerritory,
    "cec/rosters": SourceRoster,
    "cec/decisions": SourceDecision,
    "cec/requests": SourceRequest,
    "cec/supplementary": SourceSupplementary,
    "reference/mahallas": SourceMahalla,
    "reference/streets": SourceStreet,
}
"""Table of a delivery (contracts, section 1) to what ingest makes of it."""

REQUIRED_SOURCES = ("mia/persons", "cadastre/dwellings", "cec/precincts")


def source_table(source: str) -> str:
    """Name of the run's table that holds a source: `mia/persons` -> `source_persons`."""
    return "source_" + source.split("/", 1)[1]


TABLES: dict[str, type[dy.Schema]] = {
    **{source_table(source): schema for source, schema in SOURCES.items()},
    "quarantined_row": QuarantinedRow,
    "decision_ledger": LedgerDecision,
    "correction": Correction,
    "person_record": PersonRecord,
    "restriction_record": NamedRecord,
    "roster_record": NamedRecord,
    "supplementary_record": NamedRecord,
    "address_record": AddressRecord,
    "dwelling_record": DwellingRecord,
    "precinct_coverage": PrecinctCoverage,
    "boundary_reading": BoundaryReading,
    "linkage_model": LinkageModel,
    "person_link": PersonLink,
    "person": Person,
    "review_pair": ReviewPair,
    "restriction_link": ReferenceLink,
    "roster_link": ReferenceLink,
    "supplementary_link": ReferenceLink,
    "stable_id": StableId,
    "number_changes": NumberChange,
    "decided_voter": DecidedVoter,
    "address_link": AddressLink,
    "address_precinct": AddressPrecinct,
    "eligibility_decision": EligibilityDecision,
    "placement": Placement,
    "precinct_requests": PrecinctRequest,
    "voters": VoterListEntry,
    "unlisted": UnlistedPerson,
    "changes": ListChange,
    "notices": Notice,
    "temporary_residents": TemporaryResident,
    "discrepancies": Discrepancy,
    "review_entry": ReviewEntry,
    "resolved_discrepancies": ResolvedDiscrepancy,
    "discrepancies_mia": MiaDiscrepancy,
    "discrepancies_cadastre": CadastreDiscrepancy,
    "discrepancies_cec": CecDiscrepancy,
    "discrepancies_commission": CommissionDiscrepancy,
    "lineage": Lineage,
    "decisions": Decision,
    "precincts": PrecinctSummary,
    "reconciliation": Reconciliation,
}

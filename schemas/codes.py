"""Closed vocabularies: every code that a table of the pipeline may hold.

What belongs here: enumerations and nothing else. A code's meaning in three languages
stands in data/reference/discrepancies.csv and data/reference/reasons.csv.
"""

from enum import StrEnum


class Sex(StrEnum):
    """Sex as registered."""

    MALE = "M"
    FEMALE = "F"


class DocumentType(StrEnum):
    """Kinds of identity document in the population register."""

    PASSPORT = "PASSPORT"
    ID_CARD = "ID_CARD"
    BIRTH_CERTIFICATE = "BIRTH_CERTIFICATE"
    OTHER = "OTHER"


class RegistrationKind(StrEnum):
    """Registered residence in law."""

    PERMANENT = "PERMANENT"
    TEMPORARY = "TEMPORARY"
    NONE = "NONE"


class RestrictionKind(StrEnum):
    """What may end or suspend the right to vote (Electoral Code, Articles 4 and 5)."""

    DEATH = "DEATH"
    INCAPACITY = "INCAPACITY"
    IMPRISONMENT = "IMPRISONMENT"
    CITIZENSHIP_LOSS = "CITIZENSHIP_LOSS"


class Gravity(StrEnum):
    """Gravity of the crime behind an imprisonment."""

    ORDINARY = "ORDINARY"
    GRAVE = "GRAVE"
    ESPECIALLY_GRAVE = "ESPECIALLY_GRAVE"


class ObjectKind(StrEnum):
    """What a cadastre object is."""

    HOUSE = "HOUSE"
    APARTMENT = "APARTMENT"
    DORMITORY = "DORMITORY"
    INSTITUTION = "INSTITUTION"
    NON_RESIDENTIAL = "NON_RESIDENTIAL"
    LAND = "LAND"


class DwellingStatus(StrEnum):
    """State of a cadastre object."""

    ACTIVE = "ACTIVE"
    DEMOLISHED = "DEMOLISHED"
    UNDER_CONSTRUCTION = "UNDER_CONSTRUCTION"


class PrecinctKind(StrEnum):
    """Kinds of precinct (Electoral Code, Article 10)."""

    TERRITORIAL = "TERRITORIAL"
    MILITARY = "MILITARY"
    HOSPITAL = "HOSPITAL"
    SANATORIUM = "SANATORIUM"
    DETENTION = "DETENTION"
    REMOTE = "REMOTE"
    ABROAD = "ABROAD"


class Parity(StrEnum):
    """Which house numbers of a range a coverage rule means."""

    ALL = "ALL"
    ODD = "ODD"
    EVEN = "EVEN"


class DecisionKind(StrEnum):
    """What a commission or an operator can decide."""

    SAME_PERSON = "SAME_PERSON"
    DIFFERENT_PERSONS = "DIFFERENT_PERSONS"
    CORRECT = "CORRECT"
    INCLUDE = "INCLUDE"
    EXCLUDE = "EXCLUDE"
    ASSIGN_PRECINCT = "ASSIGN_PRECINCT"
    CONFIRM_TEMPORARY = "CONFIRM_TEMPORARY"
    CONFIRM_PERMANENT = "CONFIRM_PERMANENT"
    REFUSE_REQUEST = "REFUSE_REQUEST"
    WITHDRAW = "WITHDRAW"


class RequestStatus(StrEnum):
    """What became of a voter's request for another precinct."""

    OPEN = "OPEN"
    OVERDUE = "OVERDUE"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"


class RequestProblem(StrEnum):
    """Why a request can't be granted as it stands."""

    VOTER_UNKNOWN = "VOTER_UNKNOWN"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    PRECINCT_UNKNOWN = "PRECINCT_UNKNOWN"


class DatePrecision(StrEnum):
    """How much of a date is known."""

    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"


class PinflProblem(StrEnum):
    """Why a PINFL could not be used as an identifier; null means it could."""

    MALFORMED = "MALFORMED"
    CHECK_DIGIT = "CHECK_DIGIT"
    CENTURY = "CENTURY"
    IMPOSSIBLE_DATE = "IMPOSSIBLE_DATE"
    FUTURE_DATE = "FUTURE_DATE"
    BIRTH_DATE = "BIRTH_DATE"
    SEX = "SEX"


class WeakVariant(StrEnum):
    """Likeness of two names that is evidence only: never a key, never enough."""

    AFFIX = "AFFIX"
    CONSONANT = "CONSONANT"
    INITIAL = "INITIAL"


class CoverageSource(StrEnum):
    """Where a coverage rule was read."""

    TERRITORY = "TERRITORY"
    TEXT = "TEXT"


class LinkRule(StrEnum):
    """What made rows one person; the reason of every link."""

    SINGLE = "SINGLE"
    DECISION = "DECISION"
    PINFL = "PINFL"
    EXACT_DOCUMENT = "EXACT_DOCUMENT"
    EXACT_NAME_ADDRESS = "EXACT_NAME_ADDRESS"
    EXACT_NAME_PLACE = "EXACT_NAME_PLACE"
    PROBABILISTIC = "PROBABILISTIC"


class ReviewCause(StrEnum):
    """Why a pair of rows is asked, not decided."""

    NOT_CERTAIN = "NOT_CERTAIN"
    SEVERAL_CANDIDATES = "SEVERAL_CANDIDATES"
    LINK_REFUSED = "LINK_REFUSED"
    SIMILAR_GIVEN_NAMES = "SIMILAR_GIVEN_NAMES"
    BIRTH_DATE_DIFFERS = "BIRTH_DATE_DIFFERS"
    SEX_DIFFERS = "SEX_DIFFERS"
    DOCUMENT_SHARED = "DOCUMENT_SHARED"
    PINFL_SHARED = "PINFL_SHARED"
    PINFL_CONFLICT = "PINFL_CONFLICT"


class ReferenceLinkOutcome(StrEnum):
    """Whether a restriction, roster or supplementary row names one person."""

    LINKED = "LINKED"
    POSSIBLE = "POSSIBLE"
    AMBIGUOUS = "AMBIGUOUS"
    NOT_FOUND = "NOT_FOUND"


class SupplementaryStatus(StrEnum):
    """Where somebody added by hand on election day stands."""

    LISTED_HERE = "LISTED_HERE"
    LISTED_ELSEWHERE = "LISTED_ELSEWHERE"
    OFF_LIST = "OFF_LIST"
    UNCLEAR = "UNCLEAR"
    UNKNOWN = "UNKNOWN"


class PeopleResult(StrEnum):
    """Whether a list of people's row is a voter of the release."""

    FOUND = "FOUND"
    NOT_FOUND = "NOT_FOUND"
    AMBIGUOUS = "AMBIGUOUS"


class PeopleReason(StrEnum):
    """What stands against a row of a list of people."""

    TOO_YOUNG = "TOO_YOUNG"
    REPEATED = "REPEATED"
    LISTED_ELSEWHERE = "LISTED_ELSEWHERE"
    DATA_DIFFER = "DATA_DIFFER"
    SEVERAL = "SEVERAL"
    NOTHING_TO_FIND_BY = "NOTHING_TO_FIND_BY"


class AddressMatchReason(StrEnum):
    """How an address was, or why it was not, found in the cadastre."""

    CADASTRAL_NUMBER = "CADASTRAL_NUMBER"
    CADASTRAL_BUILDING = "CADASTRAL_BUILDING"
    EXACT = "EXACT"
    EXACT_BUILDING = "EXACT_BUILDING"
    FUZZY = "FUZZY"
    FUZZY_BUILDING = "FUZZY_BUILDING"
    NO_ADDRESS = "NO_ADDRESS"
    NO_HOUSE = "NO_HOUSE"
    UNREAD = "UNREAD"
    UNKNOWN_MAHALLA = "UNKNOWN_MAHALLA"
    UNKNOWN_STREET = "UNKNOWN_STREET"
    UNKNOWN_HOUSE = "UNKNOWN_HOUSE"
    AMBIGUOUS = "AMBIGUOUS"
    DISTRICT_CONFLICT = "DISTRICT_CONFLICT"


class IneligibilityGround(StrEnum):
    """Why a person may not vote on the qualifying date; the article is beside the rule."""

    UNDER_AGE = "UNDER_AGE"
    AGE_UNKNOWN = "AGE_UNKNOWN"
    NOT_CITIZEN = "NOT_CITIZEN"
    CITIZENSHIP_LOST = "CITIZENSHIP_LOST"
    DECEASED = "DECEASED"
    INCAPACITATED = "INCAPACITATED"
    IMPRISONED = "IMPRISONED"
    EXCLUDED_BY_DECISION = "EXCLUDED_BY_DECISION"


class Basis(StrEnum):
    """Why a voter stands at this precinct."""

    PERMANENT = "PERMANENT"
    TEMPORARY = "TEMPORARY"
    ROSTER = "ROSTER"
    DECISION = "DECISION"


class PlacementKind(StrEnum):
    """How the address was placed in the precinct."""

    EXACT = "EXACT"
    FUZZY = "FUZZY"
    TERRITORY_ONLY = "TERRITORY_ONLY"
    POLYGON = "POLYGON"
    DECISION = "DECISION"


class Confidence(StrEnum):
    """How many independent ways lead to a voter's precinct."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class UnplacedReason(StrEnum):
    """Why an eligible person stands in no precinct."""

    NO_RESIDENCE = "NO_RESIDENCE"
    NO_ADDRESS = "NO_ADDRESS"
    ADDRESS_UNREAD = "ADDRESS_UNREAD"
    ADDRESS_AMBIGUOUS = "ADDRESS_AMBIGUOUS"
    COVERAGE_GAP = "COVERAGE_GAP"
    COVERAGE_OVERLAP = "COVERAGE_OVERLAP"
    COVERAGE_UNREAD = "COVERAGE_UNREAD"
    RESIDENCES_CONFLICT = "RESIDENCES_CONFLICT"
    ROSTERS_CONFLICT = "ROSTERS_CONFLICT"
    PRECINCT_UNKNOWN = "PRECINCT_UNKNOWN"


class CoverageProblem(StrEnum):
    """What a precinct's description needs before it covers what it should."""

    NO_RULE = "NO_RULE"
    WORDS_UNREAD = "WORDS_UNREAD"
    NAME_UNKNOWN = "NAME_UNKNOWN"
    NAME_AMBIGUOUS = "NAME_AMBIGUOUS"
    NAME_GUESSED = "NAME_GUESSED"


class Outcome(StrEnum):
    """Where a source row ended; each row has exactly one."""

    LISTED = "LISTED"
    INELIGIBLE = "INELIGIBLE"
    MERGED_INTO = "MERGED_INTO"
    QUARANTINED = "QUARANTINED"
    UNPLACED = "UNPLACED"
    APPLIED = "APPLIED"
    NOT_APPLIED = "NOT_APPLIED"


class Change(StrEnum):
    """A change between two releases."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    MOVED = "MOVED"
    CORRECTED = "CORRECTED"


class ChangeReason(StrEnum):
    """Why a voter came, went or moved, or who changed a value.

    A removal has a ground of IneligibilityGround or one of MERGED, LEFT_REGISTER,
    QUARANTINED, UNPLACED.
    """

    NEW_IN_REGISTER = "NEW_IN_REGISTER"
    CAME_OF_AGE = "CAME_OF_AGE"
    RESTORED = "RESTORED"
    PLACED = "PLACED"
    SEPARATED = "SEPARATED"
    DECEASED = "DECEASED"
    CITIZENSHIP_LOST = "CITIZENSHIP_LOST"
    NOT_CITIZEN = "NOT_CITIZEN"
    UNDER_AGE = "UNDER_AGE"
    AGE_UNKNOWN = "AGE_UNKNOWN"
    INCAPACITATED = "INCAPACITATED"
    IMPRISONED = "IMPRISONED"
    EXCLUDED_BY_DECISION = "EXCLUDED_BY_DECISION"
    MERGED = "MERGED"
    LEFT_REGISTER = "LEFT_REGISTER"
    QUARANTINED = "QUARANTINED"
    UNPLACED = "UNPLACED"
    ROSTER = "ROSTER"
    DECISION = "DECISION"
    TEMPORARY = "TEMPORARY"
    RETURNED_HOME = "RETURNED_HOME"
    PRECINCTS_CHANGED = "PRECINCTS_CHANGED"
    ADDRESS_CHANGED = "ADDRESS_CHANGED"
    ROW_CHANGED = "ROW_CHANGED"
    SOURCE_CHANGED = "SOURCE_CHANGED"


class Severity(StrEnum):
    """How urgent a discrepancy is, most urgent first."""

    BLOCKING = "BLOCKING"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class Owner(StrEnum):
    """Who settles a discrepancy."""

    MIA = "MIA"
    CADASTRE = "CADASTRE"
    CEC = "CEC"
    COMMISSION = "COMMISSION"


class Source(StrEnum):
    """The tables of a delivery, as they are named in lineage and reconciliation."""

    PERSONS = "mia/persons"
    RESTRICTIONS = "mia/restrictions"
    DWELLINGS = "cadastre/dwellings"
    PRECINCTS = "cec/precincts"
    TERRITORIES = "cec/territories"
    ROSTERS = "cec/rosters"
    DECISIONS = "cec/decisions"
    REQUESTS = "cec/requests"
    SUPPLEMENTARY = "cec/supplementary"
    MAHALLAS = "reference/mahallas"
    STREETS = "reference/streets"


class Resolution(StrEnum):
    """What ended a discrepancy, the surest knowledge first."""

    DECISION = "DECISION"
    VOTER_REMOVED = "VOTER_REMOVED"
    SOURCE_CHANGED = "SOURCE_CHANGED"
    CAUSE_GONE = "CAUSE_GONE"

"""Stage 6: addresses to precincts, and each eligible person to the one precinct."""

from pipeline.assign_precincts.locate import locate_addresses
from pipeline.assign_precincts.polygons import PrecinctPolygon
from pipeline.assign_precincts.residence import assign_precincts
from pipeline.assign_precincts.rules import find_coverage_problems

__all__ = [
    "PrecinctPolygon",
    "assign_precincts",
    "find_coverage_problems",
    "locate_addresses",
]

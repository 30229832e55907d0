"""Stage 4: addresses of the register to dwellings of the cadastre, with the reason."""

from pipeline.resolve_addresses.numbers import learn_cadastral_districts
from pipeline.resolve_addresses.place_names import NameMatching
from pipeline.resolve_addresses.stage import resolve_addresses

__all__ = ["NameMatching", "learn_cadastral_districts", "resolve_addresses"]

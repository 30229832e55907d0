"""The four errors of the pipeline; each names stage, table, rule and count.

No message may hold a name, an identifier or an address: counts and row numbers only.
"""


class PipelineError(Exception):
    """Base of the four; `exit_code` is what the command line ends with."""

    exit_code = 1


class SourceError(PipelineError):
    """A delivery, or a file of it, can't be used; nothing was built."""

    exit_code = 3


class ContractError(PipelineError):
    """A table of ours breaks its own contract: a fault of this program."""

    exit_code = 4


class CheckFailed(PipelineError):
    """An invariant that guards publication does not hold; the release stays a candidate."""

    exit_code = 5


class ConfigurationError(PipelineError):
    """A parameter, a profile or a path is wrong, or there is no room for the work."""

    exit_code = 2

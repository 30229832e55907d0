"""Progress of a run, for whoever shows it: counts only, never a value of a row."""

from collections.abc import Callable

Listener = Callable[[str, str, dict[str, int], float], None]
"""Called with the stage, its state (started, finished, resumed), its counts, seconds."""

_listeners: list[Listener] = []


def listen(listener: Listener) -> Callable[[], None]:
    """Tell a listener of every stage from now on; call what is returned to stop."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def report_stage(stage: str, state: str, counts: dict[str, int], seconds: float) -> None:
    """Tell the listeners where the run is."""
    for listener in _listeners:
        listener(stage, state, counts, seconds)

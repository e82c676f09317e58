"""How much was tested: numbers that tests add to, printed at the end of a run.

``count("fuzz executions", 500)`` adds to a number; ``tests/conftest.py`` prints them all. What a figure is of is its
name, in the plural: ``rulesets``, ``kernel packets``, ``ufw sequences``, ``mutated inputs``, ``fuzz executions``.

Invariant: no test is judged by a figure; ``.ci/run`` refuses a run that has too small ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

_FIGURES: Counter[str] = Counter()
_SECONDS: dict[str, float] = {}


def count(name: str, number: int = 1) -> None:
    """Add to a figure; with 0 it is told even where nothing is added."""
    _FIGURES[name] += number


def took(name: str, seconds: float) -> None:
    """Add to the time that a figure took, so that it is told by the second as well."""
    _SECONDS[name] = _SECONDS.get(name, 0.0) + seconds


def figures() -> Iterator[str]:
    """One line a figure, in the order in which they were first counted."""
    for name, number in _FIGURES.items():
        seconds = _SECONDS.get(name, 0.0)
        yield f"{number:,} {name}" + (f", {number / seconds:,.0f} a second" if seconds else "")

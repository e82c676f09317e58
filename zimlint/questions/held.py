"""A ruleset as the key of an answer that several checks ask for in turn.

Invariant: equal only to itself; two readings of one text are two rulesets.
"""

from __future__ import annotations

from zimlint.model import Ruleset


class Held:
    """A ruleset as a key: equal only to itself."""

    __slots__ = ("ruleset",)

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and self.ruleset is other.ruleset

    def __hash__(self) -> int:
        return id(self.ruleset)

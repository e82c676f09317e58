"""Lines that accept what a later line of the same chain accepts anyway.

Invariant: nothing between the two could treat the packets otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zimlint.model import (
    Condition,
    CtState,
    Decide,
    DstAddress,
    DstPorts,
    FilterRule,
    Inert,
    InInterface,
    Opaque,
    Protocols,
    SrcAddress,
    SrcPorts,
    Verdict,
)  # fmt: skip
from zimlint.packets import RangeSet

MAX_LINES = 60
"""Accepting lines of one chain that are compared with each other."""


def implied(rules: Sequence[FilterRule]) -> Iterator[tuple[FilterRule, FilterRule]]:
    """Pairs of a line that accepts for new connections and a later, wider one that accepts all of the same."""
    accept = Decide(Verdict.ACCEPT)
    accepting = [n for n, rule in enumerate(rules) if isinstance(rule.target, Decide) and rule.target == accept]
    if len(accepting) > MAX_LINES or len(rules) > 4 * MAX_LINES:
        return
    for place in accepting:
        early = rules[place]
        if not _opens(early):
            continue
        for other in range(place + 1, len(rules)):
            late = rules[other]
            if late.target == early.target and _says_ports(late) and wider(late, early):
                if late.conditions != early.conditions:
                    yield early, late
                break
            if late.target != early.target and not isinstance(late.target, Inert) and not _apart(late, early):
                break


def _opens(rule: FilterRule) -> bool:
    """A line for new connections to some ports, and for nothing that changes from packet to packet."""
    states = [condition for condition in rule.conditions if isinstance(condition, CtState)]
    if any(isinstance(condition, Opaque) for condition in rule.conditions):
        return False  # a limit that is none, as what is over it gets in below: an oddity, and no harm
    return _says_ports(rule) and all(("NEW" in state.states) != state.negated for state in states)


def _says_ports(rule: FilterRule) -> bool:
    return any(isinstance(condition, DstPorts) for condition in rule.conditions)


def wider(late: FilterRule, early: FilterRule) -> bool:
    """Every match of the later line holds where all of the earlier one's do."""
    return all(any(_follows(ours, theirs) for ours in early.conditions) for theirs in late.conditions)


def _follows(ours: Condition, theirs: Condition) -> bool:
    if isinstance(theirs, Opaque):
        return False
    if isinstance(ours, CtState) and isinstance(theirs, CtState) and not ours.negated and not theirs.negated:
        return ours.states <= theirs.states
    mine, other = _values(ours), _values(theirs)
    if mine is not None and other is not None and type(ours) is type(theirs):
        return mine <= other
    return ours == theirs


def _apart(one: FilterRule, other: FilterRule) -> bool:
    """Some matches of two lines exclude each other."""
    return any(_exclude(ours, theirs) for ours in one.conditions for theirs in other.conditions)


def _exclude(ours: Condition, theirs: Condition) -> bool:
    if isinstance(ours, InInterface) and isinstance(theirs, InInterface):
        plain = not ours.negated and not theirs.negated and "+" not in ours.pattern + theirs.pattern
        return plain and ours.pattern != theirs.pattern
    mine, other = _values(ours), _values(theirs)
    return mine is not None and other is not None and type(ours) is type(theirs) and not mine & other


def _values(condition: Condition) -> RangeSet | None:
    match condition:
        case Protocols(values) | SrcAddress(values) | DstAddress(values) | SrcPorts(values) | DstPorts(values):
            return values
        case _:
            return None

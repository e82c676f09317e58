"""What stays away with a suppressed finding: one fault is told once, and it is accepted once.

``settle`` tells a fault at one of several findings. Where that one is suppressed, the others do not come up in its
stead, as far as they are about the ports that were accepted: what is about other ports was never accepted, and a hole
beside the accepted one is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from zimlint.finding import Finding
from zimlint.questions.case import Case
from zimlint.settle import settle
from zimlint.source import Span
from zimlint.suppressions.ports import ports_of, shared, without


class Follower(NamedTuple):
    """A finding that stays away, and the suppressed one that it is told at."""

    finding: Finding
    with_: Finding


def followers(found: Sequence[Finding], left: Sequence[Finding], out: Sequence[Finding], case: Case) -> list[Follower]:
    """Those of ``left`` that come up only because of ``out``; ``found`` are both, in the order of questions."""
    before = _places(settle(found, case))
    fresh = [each for each in settle(left, case) if _place(each) not in before]
    return [Follower(each, with_) for each in fresh for with_ in _accepting(each, found, out, case)]


def _accepting(each: Finding, found: Sequence[Finding], out: Sequence[Finding], case: Case) -> Iterator[Finding]:
    """The suppressed finding that one is told at, if it accepts all of its ports."""
    hiding = [one for one in out if _place(each) not in _places(settle([one, each], case))]
    if hiding:
        if _within(each, hiding):
            yield hiding[0]
        return
    # told by several together, as a profile is by the lines that open its ports
    theirs = ports_of(each.ports)
    part = next((one for one in out if shared(theirs, ports_of(one.ports))), None)
    if part is not None and _within(each, found):
        yield part


def _within(each: Finding, others: Sequence[Finding]) -> bool:
    """Whether all ports of a finding are among those of others; one without ports is about theirs."""
    listed = (label for other in others if _place(other) != _place(each) for label in other.ports)
    return not without(ports_of(each.ports), ports_of(listed))


def _place(each: Finding) -> tuple[str, Span]:
    return each.check, each.span


def _places(findings: Sequence[Finding]) -> set[tuple[str, Span]]:
    return {_place(each) for each in findings}

"""A finding of several ports, of which the site file ignores some: what is left of it, and what is not.

Invariant: nothing is cut out of a text. The question is asked again, as if everybody might reach the other ports; where
its answer is not about exactly the ports that were asked for, the finding stays whole.
"""

from __future__ import annotations

from typing import NamedTuple, cast

from zimlint.checks import Check
from zimlint.finding import Finding
from zimlint.packets import ALL_ADDRESSES
from zimlint.questions import QUESTIONS
from zimlint.questions.case import Case
from zimlint.suppressions.ports import Ports, ports_of, without
from zimlint.zimbra.catalogue import Transport
from zimlint.zimbra.site import AlsoAllowed
from zimlint.zimbra.sources import PUBLIC


class Portions(NamedTuple):
    """A finding in two."""

    left: Finding
    ignored: Finding


def portions(each: Finding, left: Ports, check: Check, case: Case) -> Portions | None:
    """The finding of the ports that are left, and that of the others; None where the question knows it only whole."""
    ignored = without(ports_of(each.ports), left)
    rest = _about(each, left, ignored, check, case)
    part = _about(each, ignored, left, check, case)
    return None if rest is None or part is None else Portions(rest, part)


def _about(each: Finding, wanted: Ports, others: Ports, check: Check, case: Case) -> Finding | None:
    """The same finding without the other ports."""
    excepted = check.params.get("except", ())
    kept = (excepted,) if isinstance(excepted, str) else excepted
    labels = [label for label in each.ports if not without(ports_of((label,)), others)]
    allowed = (
        AlsoAllowed(numbers, cast(Transport, protocol), PUBLIC, ALL_ADDRESSES, each.span)
        for protocol, numbers in others.items()
    )
    site = case.site._replace(also_allowed=(*case.site.also_allowed, *allowed))
    asked = check._replace(params={**check.params, "except": (*kept, *labels)})
    for answer in QUESTIONS[check.question](asked, case._replace(site=site)):
        if (
            isinstance(answer, Finding)
            and (answer.span, answer.families) == (each.span, each.families)
            and ports_of(answer.ports) == wanted
        ):
            return answer
    return None

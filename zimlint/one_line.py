"""One line is one fault: what it does wrong in several ways is one finding, which tells them all.

A line that opens several doors, an empty chain whose default refuses all that a mail server lives on, and a line that
exempts packets from connection tracking are each mended at one place.

Invariant: the finding that is left is the gravest, and has the message, the ports and the fix of each that it tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zimlint.finding import Finding
from zimlint.model import Notrack
from zimlint.packets import Family
from zimlint.questions.case import Case
from zimlint.source import Source

_OPENED = (
    "admin-console-exposed", "memcached-exposed", "internal-port-exposed", "ssh-exposed", "unknown-port-open",
)  # fmt: skip
"""What a line lets in that it should not; the first ones say most of it."""
_SHUT = (
    "replies-blocked", "required-port-blocked", "loopback-blocked", "icmpv6-blocked", "egress-blocked",
    "ssh-locked-out", "icmp-blocked", "family-mismatch",
)  # fmt: skip
"""What does not flow any more, told together where it is not for want of several lines."""


def join_lines(findings: Sequence[Finding], case: Case) -> list[Finding]:
    """The findings, with those of one line in one where they are one fault."""
    opened = _groups(findings, _OPENED)
    shut = _groups(findings, _SHUT)
    if shut:
        places = set(_mended_at_once(case))
        shut = [group for group in shut if group[0].span[:2] in places]
    left = list(findings)
    for checks, groups in ((_OPENED, opened), (_SHUT, shut)):
        for group in groups:
            first, *others = sorted(group, key=lambda finding: (-finding.severity, checks.index(finding.check)))
            left[left.index(first)] = _together(first, others)
            left = [finding for finding in left if not any(finding is other for other in others)]
    return left


def _groups(findings: Sequence[Finding], checks: Sequence[str]) -> list[list[Finding]]:
    """The findings of these checks that share a line, where there are several."""
    found: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        if finding.check in checks:
            found.setdefault((finding.span[:2], finding.certainty), []).append(finding)
    return [group for group in found.values() if len(group) > 1]


def _together(first: Finding, others: Sequence[Finding]) -> Finding:
    every = (first, *others)
    return first._replace(
        message="; ".join(finding.message for finding in every),
        families=tuple(family for family in Family if any(family in finding.families for finding in every)),
        ports=tuple(dict.fromkeys(label for finding in every for label in finding.ports)),
        sources=tuple(dict.fromkeys(source for finding in every for source in finding.sources)),
        fix=" ".join(dict.fromkeys(finding.fix for finding in every)),
        related=tuple(dict.fromkeys(each for finding in every for each in finding.related)),
    )


def _mended_at_once(case: Case) -> Iterator[tuple[Source, int]]:
    """The chains without a line, and the lines that exempt packets from connection tracking."""
    for view in case.views:
        for chains in view.ruleset.tables.values():
            for chain in chains.values():
                if chain.span is not None and not chain.rules:
                    yield chain.span[:2]
                yield from (rule.span[:2] for rule in chain.rules if isinstance(rule.target, Notrack))

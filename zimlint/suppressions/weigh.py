"""What an administrator has allowed, with a reason: findings left out, and suppressions that suppress nothing.

A suppression in a file speaks for its line. The same fault in the other family or in another view of the host (one rule
of ufw's is a line in user.rules, in user6.rules, in a dump and in a status) is suppressed with it; another line of the
same file never is. An ``ignore`` of the site file speaks for its paths and nothing else.
Invariant: without a reason, after its date, or of another check or port, nothing is suppressed.
Invariant: no clock is read: ``today`` is handed in, as ``2026-01-31``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from zimlint.checks import AFTERWARDS, Check
from zimlint.finding import Finding, Suppressed
from zimlint.questions.case import Case
from zimlint.questions.findings import finding
from zimlint.source import Span
from zimlint.suppressions.comments import Suppression, read_suppressions
from zimlint.suppressions.ignores import covering

SITE_ONLY = ("not-loaded", "unreadable-line")
"""A file that does not load as it stands cannot vouch for itself."""
_OF_SEVERAL = ("drift", "family", "required", "setting", "user_rules")
"""Questions that compare files: of one file alone nobody knows that they find nothing."""


class Weighed(NamedTuple):
    """The findings of one host after its suppressions."""

    left: list[Finding]
    suppressed: list[Finding]
    why: Mapping[tuple[str, Span], tuple[str, Span]]
    """Check and place of a suppressed finding to the reason and where it is given."""


def weigh(
    found: Sequence[Finding], case: Case, checks: Mapping[str, Check], asked: Iterable[str], today: str
) -> Weighed:
    """Leave out what is suppressed, and add what is wrong with the suppressions, where that check is asked."""
    suppressions = [one for source in case.host.sources for one in read_suppressions(source)]
    why: dict[tuple[str, Span], tuple[str, Span]] = {}
    direct: list[Finding] = []
    used: set[tuple[Span, str]] = set()
    for each in found:
        for one in suppressions:
            if _speaks_for(one, each):
                used.add((one.span, each.check))
                direct.append(each)
                why[each.check, each.span] = one.reason, one.span
    left: list[Finding] = []
    suppressed: list[Finding] = []
    for each in found:
        reason = (
            why.get((each.check, each.span))
            or next((why[one.check, one.span] for one in direct if _same_elsewhere(one, each)), None)
            or covering(case.site, each, today)
        )
        if reason is None:
            left.append(each)
        else:
            suppressed.append(each)
            why[each.check, each.span] = reason
    names = set(asked)
    own = next((check for check in checks.values() if check.question == AFTERWARDS and check.id in names), None)
    if own is not None:
        left += [
            each
            for each in _faults(own, case, checks, names, suppressions, used)
            if covering(case.site, each, today) is None
        ]
    return Weighed(left, suppressed, why)


def told(joined: Iterable[Finding], why: Mapping[tuple[str, Span], tuple[str, Span]]) -> list[Suppressed]:
    """The suppressed findings, when the same fault in several places is one, with their reasons."""
    return [Suppressed(each, *why[each.check, each.span]) for each in joined]


def _speaks_for(one: Suppression, each: Finding) -> bool:
    return (
        each.check in one.checks
        and bool(one.reason)
        and each.check not in SITE_ONLY
        and each.span.source is one.span.source
        and each.span.line in one.lines
    )


def _same_elsewhere(one: Finding, other: Finding) -> bool:
    """Whether two findings are the same fault in different families or views."""
    return (
        one.check == other.check
        and (one.ports, one.sources) == (other.ports, other.sources)
        and bool(one.families and (one.ports or one.sources))
        and (one.span.source is not other.span.source or one.families != other.families)
    )


def _faults(
    own: Check, case: Case, checks: Mapping[str, Check], asked: Collection[str], suppressions: Sequence[Suppression],
    used: Collection[tuple[Span, str]],
) -> Iterable[Finding]:  # fmt: skip
    """What is wrong with suppressions; the same one in several views of a rule is told once."""
    fragments = {ruleset.source for ruleset in case.host.rulesets if ruleset.view == "fragment"}
    told_of: dict[str, Finding] = {}
    for one in suppressions:
        twins = [other for other in suppressions if _twins(one, other)]
        idle = [
            name
            for name in one.checks
            if name in asked
            and one.span.source not in fragments
            and not (checks[name].question in _OF_SEVERAL and len(case.host.sources) == 1)
            and not any((twin.span, name) in used for twin in twins)
        ]
        message = _message(one, checks, idle)
        if message:
            first = told_of.get(one.text)
            if first is not None and any(first.span == twin.span for twin in twins):
                told_of[one.text] = first._replace(related=(*first.related, (one.span, "the same, seen here")))
                continue
            if first is not None:
                yield first
            told_of[one.text] = finding(own, case, one.span, message)
    yield from told_of.values()


def _twins(one: Suppression, other: Suppression) -> bool:
    """Whether two may be one, seen in several files or families."""
    return one.text == other.text and (one.span.source is not other.span.source or one.of_rule or one is other)


def _message(one: Suppression, checks: Mapping[str, Check], idle: Sequence[str]) -> str:
    if not one.checks:
        return f"'{_short(one.text)}' is not understood; a suppression reads 'zimlint: allow CHECK: reason'"
    for name in one.checks:
        if name not in checks:
            from zimlint.yaml_tree import hint

            return f"there is no check '{name}' to allow{hint(name, checks)}"
        if checks[name].severity == "note":
            return f"{name} is a note and no finding, there is nothing to suppress"
        if name in SITE_ONLY:
            return f"{name} is not suppressed from within the file, only by ignore in the site file"
    names = " and ".join(one.checks)
    if not one.reason:
        return f"the suppression of {names} gives no reason, so it does not count"
    return f"{' and '.join(idle)} {'is' if len(idle) == 1 else 'are'} allowed here, but not found" if idle else ""


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."

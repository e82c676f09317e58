"""What an administrator has allowed, with a reason: findings left out, and suppressions that suppress nothing.

A suppression in a file speaks for its line, an ``ignore`` of the site file for its paths. The same fault in the other
family or in another view of the host (one rule of ufw's is a line in user.rules, in user6.rules, in a dump and in a
status) is suppressed with it, and so is what would be told at it; another line of the same file never is.
Invariant: without a reason, after its date, or of another check or port, nothing is suppressed.
Invariant: no clock is read: ``today`` is handed in, as ``2026-01-31``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from zimlint.checks import AFTERWARDS, Check
from zimlint.finding import Finding, Suppressed
from zimlint.questions.case import Case
from zimlint.settle import settle
from zimlint.source import Span
from zimlint.suppressions.comments import Suppression, read_suppressions
from zimlint.suppressions.faults import SITE_ONLY, faults_of
from zimlint.suppressions.ignores import Cover, covering

_Place = tuple[str, Span]
"""Check and span of a finding."""


class Weighed(NamedTuple):
    """The findings of one host after its suppressions, settled."""

    left: list[Finding]
    suppressed: list[Suppressed]


def weigh(
    found: Sequence[Finding], case: Case, checks: Mapping[str, Check], asked: Iterable[str], today: str
) -> Weighed:
    """Leave out what is suppressed, and add what is wrong with the suppressions, where that check is asked."""
    suppressions = [one for source in case.host.sources for one in read_suppressions(source)]
    used = {(one.span, each.check) for each in found for one in suppressions if _speaks_for(one, each)}
    left: list[Finding] = []
    out: list[Finding] = []
    why: dict[_Place, list[Cover]] = {}
    for each, cover in _covered(found, suppressions, case, today):
        parts = None
        if cover is not None and cover.left:
            from zimlint.suppressions.portions import portions

            parts = portions(each, cover.left, checks[each.check], case)
        if cover is None or (cover.left and parts is None):
            left.append(each)
            continue
        if parts is not None:
            left.append(parts.left)
        out.append(each if parts is None else parts.ignored)
        why.setdefault((each.check, each.span), []).append(cover)
    names = set(asked)
    own = next((check for check in checks.values() if check.question == AFTERWARDS and check.id in names), None)
    faults: list[Finding] = []
    accepted_faults: list[Suppressed] = []
    for each in () if own is None else faults_of(own, case, checks, names, suppressions, used):
        by = covering(case.site, each, today)
        if by is None:
            faults.append(each)
        else:
            accepted_faults.append(Suppressed(each, by.reason, by.by, in_site=True))
    if not out:
        return Weighed(settle(left, case, faults), accepted_faults)
    from zimlint.suppressions.accepted import followers

    following = followers(found, left, out, case)
    for follower, accepted in following:
        why.setdefault((follower.check, follower.span), why[accepted.check, accepted.span])
    away = {(follower.check, follower.span) for follower, _ in following}
    left = [each for each in settle(left, case, faults) if (each.check, each.span) not in away]
    told = _told(settle([*out, *(follower for follower, _ in following)], case), why, case)
    return Weighed(left, [*told, *accepted_faults])


def _covered(
    found: Sequence[Finding], suppressions: Sequence[Suppression], case: Case, today: str
) -> Iterator[tuple[Finding, Cover | None]]:
    """Each finding with what covers it: a comment before the site file, its own before that of its twin elsewhere."""
    direct: list[tuple[Finding, Cover | None]] = []
    for each in found:
        one = next((one for one in suppressions if _speaks_for(one, each)), None)
        direct.append((each, covering(case.site, each, today) if one is None else Cover(one.reason, one.span)))
    for each, cover in direct:
        twins = (theirs for one, theirs in direct if theirs is not None and _same_elsewhere(one, each))
        yield each, cover or next(twins, None)


def _told(joined: Iterable[Finding], why: Mapping[_Place, Sequence[Cover]], case: Case) -> list[Suppressed]:
    """The suppressed findings, when the same fault in several places is one, with all that suppresses them."""
    told: list[Suppressed] = []
    for each in joined:
        first = why[each.check, each.span][0]
        told.append(Suppressed(each, first.reason, first.by, in_site=first.by.source is case.site.source))
    for (check, _), covers in why.items():
        place = next((place for place, one in enumerate(told) if one.finding.check == check), 0)
        spans = [span for cover in covers for span in (cover.by, *cover.also)]
        known = {span for one in told for span in (one.by, *one.also)}
        more = dict.fromkeys(span for span in spans if span not in known)
        told[place] = told[place]._replace(also=(*told[place].also, *more))
    return told


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

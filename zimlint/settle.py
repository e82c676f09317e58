"""One fault, one finding: what several questions, families or views say of the same fault becomes one.

Invariant: a finding is only left out where another one, at least as grave, tells the same fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from zimlint.finding import Finding, Severity
from zimlint.one_line import join_lines
from zimlint.questions.case import Case

_SHOWN_BY_RULES = {"profile-opens-internal": ("admin-console-exposed", "internal-port-exposed", "memcached-exposed")}
"""What a file announces, and the findings that show it open in the rules."""
_MINOR = ("unknown-port-open", "stale-port", "protocol-missing", "unknown-match", "ssh-exposed")
"""Told of a line only where nothing graver is told of the same line."""

_TOO_LATE = ("dead-deny", "dead-allow", "redundant-rule")
"""Told at the finding about the line that comes first, where there is one: its packets are the same."""
_ONE_LINE = (*_TOO_LATE, "matches-nothing", "unused-chain", "chain-loop", "rule-without-target")
"""About a line and not about what gets in: the same of two families or views only if it says the same."""

_REFUSED = ("required-port-blocked", "ssh-locked-out", "loopback-blocked", "replies-blocked")
"""What may well be let in by a view that was not loaded: then that is what to do first."""

_EXPLAINING = {
    "status-tuple-mismatch": "",
    "before-rules-accept": "it goes ahead of every rule of ufw, and ufw status does not show it",
    "profile-stale": "",
    "matches-nothing": "",
}
"""What says why another fault is there and is not seen; the empty text is the finding's own message."""


def settle(findings: Iterable[Finding], case: Case, beside: Iterable[Finding] = ()) -> list[Finding]:
    """The findings of one host without repetition, in the order of files and lines.

    What stands ``beside`` them is about something else than the rules, and tells none of their faults.
    """
    found = _join_protocols(_join_families(_join_views(list(findings), case)))
    found = join_lines(_explain(_follow_profiles(_follow_drift(_follow_first_line(found)))), case)
    left = _follow_usual_port([finding for finding in found if not _told_by_another(finding, found)])
    order = {source.name: number for number, source in enumerate(case.host.sources)}
    return sorted((*left, *beside), key=lambda f: (order.get(f.span.source.name, len(order)), f.span.line, f.check))


def _follow_first_line(findings: list[Finding]) -> list[Finding]:
    """That a line changes nothing is told at the finding about the other line that takes the same packets."""
    kept = list(findings)
    for late in findings:
        before = {span[:2] for span, words in late.related if words.endswith((" first", " anyway"))}
        for place, first in enumerate(kept) if late.check in _TOO_LATE else ():
            if first.check not in _ONE_LINE and first.span[:2] in before and _alike(first, late):
                so = (late.span, f"and so {late.message}")
                kept[place] = first._replace(related=(*first.related, so))
                kept.remove(late)
                break
    return kept


def _alike(first: Finding, late: Finding) -> bool:
    """Whether a finding is about the ports of a line that comes too late; one of all ports names them as a range."""
    if not late.ports or not first.ports or any(label.startswith("0-65535/") for label in first.ports):
        return first.severity >= late.severity
    return bool(set(first.ports) & set(late.ports))


def _follow_drift(findings: list[Finding]) -> list[Finding]:
    """That views disagree about a packet is told at the finding about the same line, where there is one."""
    kept = [finding for finding in findings if finding.check != "drift"]
    for drift in findings:
        if drift.check != "drift":
            continue
        refused = {span[:2] for span, _ in drift.related}
        for place, other in enumerate(kept):
            same_port = bool(set(other.ports) & set(drift.ports))
            if other.span[:2] == drift.span[:2] or (other.span[:2] in refused and same_port):
                fix = f"{drift.fix} {other.fix}" if other.check in _REFUSED else other.fix
                kept[place] = other._replace(related=(*other.related, (drift.related[0][0], drift.message)), fix=fix)
                break
        else:
            kept.append(drift)
    return kept


def _follow_profiles(findings: list[Finding]) -> list[Finding]:
    """A service that is shut because its profile does not load is told at the profile."""
    kept = list(findings)
    for blocked in findings:
        if blocked.check == "required-port-blocked":
            for place, profile in enumerate(kept):
                if profile.check == "profile-invalid" and _names_all(profile, blocked.ports):
                    so = (blocked.span, f"and so {blocked.message}")
                    kept[place] = profile._replace(related=(*profile.related, so))
                    kept.remove(blocked)
                    break
    return kept


def _follow_usual_port(findings: list[Finding]) -> list[Finding]:
    """That nobody gets to ssh where the site has it is told at its usual port, where that is open to everybody."""
    kept = list(findings)
    for locked in findings:
        for place, usual in enumerate(kept) if locked.check == "ssh-locked-out" else ():
            if usual.check == "unknown-port-open" and "22/tcp" in usual.ports and usual.severity >= locked.severity:
                kept[place] = usual._replace(related=(*usual.related, (locked.span, f"and {locked.message}")))
                kept.remove(locked)
                break
    return kept


def _explain(findings: list[Finding]) -> list[Finding]:
    """What explains a fault that is at least as grave is told at that one."""
    kept = list(findings)
    for reason in findings:
        if reason.check in _EXPLAINING:
            for place, fault in enumerate(kept):
                if fault.check not in _EXPLAINING and fault.severity >= reason.severity and _same_fault(reason, fault):
                    words = _EXPLAINING[reason.check] or reason.message
                    kept[place] = fault._replace(related=(*fault.related, (reason.span, words)))
                    kept.remove(reason)
                    break
                if fault.check == "wide-open-source" and fault.span[:2] == reason.span[:2]:
                    so = (fault.span, fault.message)
                    kept[kept.index(reason)] = reason._replace(related=(*reason.related, so))
                    kept.remove(fault)
                    break
    return kept


def _same_fault(reason: Finding, fault: Finding) -> bool:
    line = reason.span[:2] == fault.span[:2]
    if reason.check == "matches-nothing" and fault.check == "icmpv6-blocked":
        return "icmp" in reason.message
    by_ports = bool(reason.ports) and reason.check in ("profile-stale", "matches-nothing")
    blocked = reason.check == "profile-stale" or fault.check in ("required-port-blocked", "ssh-locked-out")
    return line or (by_ports and blocked and set(reason.ports) <= set(fault.ports))


def _names_all(profile: Finding, labels: Iterable[str]) -> bool:
    """Whether a profile's line of ports names all of these."""
    text = profile.span.source.line(profile.span.line)
    return all(re.search(rf"\b{label.split('/')[0]}\b", text) for label in labels)


def _join_views(findings: list[Finding], case: Case) -> list[Finding]:
    """The same fault seen in the tree, in a dump and in a status is told once, at the first of them."""
    kept: list[Finding] = []
    seen: dict[tuple[object, ...], tuple[int, str]] = {}
    for finding in findings:
        view = _view(finding, case)
        if view and finding.families:
            words = finding.message if finding.check in _ONE_LINE else ""
            key = (finding.check, finding.ports, finding.sources, finding.families, words)
            place, first = seen.setdefault(key, (len(kept), view))
            if first != view:
                again = (finding.span, "the same, seen here")
                kept[place] = kept[place]._replace(related=(*kept[place].related, again))
                continue
        kept.append(finding)
    return kept


def _view(finding: Finding, case: Case) -> str:
    """Which view of the host a finding stands in, empty if it is about something else."""
    name = finding.span.source.name
    for view in case.views:
        if view.ruleset.source.name == name:
            return view.ruleset.view
    if any(source.name == name for source in case.host.sources):
        return "tree" if any(view.ruleset.view == "tree" for view in case.views) else "fragment"
    return ""


def _join_families(findings: list[Finding]) -> list[Finding]:
    """The same hole in IPv4 and IPv6 is one finding."""
    kept: list[Finding] = []
    for finding in findings:
        for place, other in enumerate(kept):
            if (
                other.check == finding.check
                and other.ports == finding.ports
                and other.sources == finding.sources
                and other.severity == finding.severity
                and len(other.families) == len(finding.families) == 1
                and other.families != finding.families
                and (other.check not in _ONE_LINE or other.message == finding.message)
            ):
                related = other.related
                if other.span[:3] != finding.span[:3]:
                    related = (*related, (finding.span, f"the same over {finding.families[0].title}"))
                first = other if other.certainty == "certain" or finding.certainty == "possible" else finding
                families = tuple(sorted((*other.families, *finding.families), key=lambda family: family.value))
                kept[place] = first._replace(families=families, related=related, span=other.span)
                break
        else:
            kept.append(finding)
    return kept


def _join_protocols(findings: list[Finding]) -> list[Finding]:
    """Lines next to each other that open the same port for tcp and for udp are one rule of ufw's, so one finding."""
    kept: list[Finding] = []
    for finding in findings:
        for place, other in enumerate(kept):
            if (
                other.check == finding.check
                and other.sources == finding.sources
                and other.families == finding.families
                and other.span.source is finding.span.source
                and _adjoining(other, finding)
                and other.ports != finding.ports
                and [p.split("/")[0] for p in other.ports] == [p.split("/")[0] for p in finding.ports]
                and _without_protocol(other) == _without_protocol(finding)
            ):
                kept[place] = _of_both(other, finding)
                break
        else:
            kept.append(finding)
    return kept


def _of_both(tcp: Finding, udp: Finding) -> Finding:
    """A finding about a port of both protocols: ``53/tcp`` becomes ``53 (tcp and udp)``, and both stand in its fix."""
    ports = (*tcp.ports, *udp.ports)
    message = tcp.message
    for label in tcp.ports:
        message = re.sub(rf"(?<![\w/-]){re.escape(label)}\b", f"{label.split('/')[0]} (tcp and udp)", message)
    fix = tcp.fix.replace(", ".join(tcp.ports), ", ".join(ports))
    severity = Severity(max(tcp.severity, udp.severity))
    return tcp._replace(ports=ports, severity=severity, message=message, fix=fix)


def _adjoining(one: Finding, other: Finding) -> bool:
    """Whether two lines follow each other, but for comments."""
    first, last = sorted((one.span.line, other.span.line))
    if not first < last <= first + _MAX_APART:
        return False
    between = (one.span.source.line(number).strip() for number in range(first + 1, last))
    return all(not line or line.startswith("#") for line in between)


_MAX_APART = 4


def _without_protocol(finding: Finding) -> str:
    """The line of a finding, but for its protocol and counters."""
    line = finding.span.source.line(finding.span.line)
    return re.sub(r"^\[\d+:\d+\] |(?:-p|--proto(?:col)?) \S+|\b(?:tcp|udp)\b", "", line)


def _told_by_another(finding: Finding, findings: list[Finding]) -> bool:
    if finding.check in _SHOWN_BY_RULES:
        shown = {port for f in findings if f.check in _SHOWN_BY_RULES[finding.check] for port in f.ports}
        return set(finding.ports) <= shown
    if finding.check not in _MINOR:
        return False
    return any(
        other is not finding
        and other.check not in _MINOR
        and other.severity >= finding.severity
        and other.span.source is finding.span.source
        and (
            other.span.line == finding.span.line or (finding.check == "protocol-missing" and _adjoining(other, finding))
        )
        for other in findings
    )

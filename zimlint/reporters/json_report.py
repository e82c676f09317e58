"""The report as one JSON object, ``"schema": "zimlint/1"``.

Invariant: the schema is frozen: keys are added under a new name of it, never changed or taken away. What an option
brings with it (``baseline``) is there with that option only, and so is what suppressions bring (``suppressed``).
Invariant: the output is ASCII; bytes of a file that are no UTF-8 are spelled ``\\xNN``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from zimlint import __version__
from zimlint.finding import Finding, Note, Report, Severity, Suppressed, Unread
from zimlint.model import Step
from zimlint.packets import ICMP, ICMPV6, PORT_PROTOCOLS, PROTOCOL_NAMES, Packet, format_address
from zimlint.reporters import Rendered, Style
from zimlint.reporters.words import protocol_name
from zimlint.source import Span, decodable


def render(report: Report, style: Style) -> Rendered:
    """The whole report; there is nothing to say beside it."""
    whole: dict[str, object] = {
        "schema": "zimlint/1",
        "version": __version__,
        "findings": [finding_object(finding) for finding in report.findings],
        "notes": [note_object(note) for note in report.notes],
        "unread": [unread_object(unread) for unread in report.unread],
        "summary": summary_object(report),
    }
    if report.known is not None:
        whole["baseline"] = baseline_object(report, report.known)
    if report.suppressed:
        whole["suppressed"] = [suppressed_object(one) for one in report.suppressed]
    return Rendered(json.dumps(whole, indent=1) + "\n")


def steps(path: Iterable[Step]) -> list[dict[str, object]]:
    """The lines that a packet meets on its way; those that do not match it are left out."""
    return [
        {**_place(step.span), "chain": decodable(step.chain), "effect": decodable(step.effect)}
        for step in path
        if step.effect != "no match"
    ]


def packet_object(packet: Packet) -> dict[str, object]:
    """A packet as ``zimlint trace --packets`` reads it, too."""
    ported = packet.protocol in PORT_PROTOCOLS
    found: dict[str, object] = {
        "family": packet.family.value,
        "proto": protocol_name(packet.protocol) if packet.protocol in PROTOCOL_NAMES else packet.protocol,
        "src": format_address(packet.family, packet.source),
        "sport": packet.source_port if ported else None,
        "dst": None if packet.destination is None else format_address(packet.family, packet.destination),
        "dport": packet.destination_port if ported else None,
        "in": decodable(packet.interface),
        "state": packet.state,
    }
    if packet.protocol in (ICMP, ICMPV6):
        found["icmp_type"] = packet.destination_port >> 8
        found["icmp_code"] = packet.destination_port & 255
    return found


def note_object(note: Note) -> dict[str, object]:
    """A note; none of its words is free of foreign text."""
    return {"check": note.check, "host": decodable(note.host), "message": decodable(note.message)}


def unread_object(unread: Unread) -> dict[str, object]:
    """An input that was not read, and why not."""
    return {"file": decodable(unread.file), "reason": decodable(unread.reason)}


def summary_object(report: Report) -> dict[str, object]:
    """How much was read, and how many findings of each severity there are."""
    counts = {
        severity.word: sum(finding.severity is severity for finding in report.findings)
        for severity in sorted(Severity, reverse=True)
    }
    suppressed = {"suppressed": len(report.suppressed)} if report.suppressed else {}
    return {"hosts": len(report.hosts), "files": report.files, **counts, **suppressed}


def suppressed_object(one: Suppressed) -> dict[str, object]:
    """A finding that was left out, with the reason and where it is given."""
    return {**finding_object(one.finding), "reason": decodable(one.reason), "suppressed_by": _place(one.by)}


def baseline_object(report: Report, known: int) -> dict[str, object]:
    """How many findings the baseline knows, and what it knows that no longer occurs."""
    gone = [{key: decodable(text) for key, text in entry._asdict().items()} for entry in report.gone]
    return {"known": known, "gone": gone}


def finding_object(finding: Finding) -> dict[str, object]:
    """One finding with all that is known of it."""
    span, evidence = finding.span, finding.evidence
    end_line = span.end_line or span.line
    return {
        "check": finding.check,
        "severity": finding.severity.word,
        "certainty": finding.certainty,
        "message": decodable(finding.message),
        "host": decodable(finding.host),
        "file": decodable(span.source.name),
        "line": span.line,
        "column": span.column,
        "end_line": end_line,
        "end_column": span.end_column or max(len(span.source.line(end_line).rstrip()) + 1, span.column),
        "families": [family.value for family in finding.families],
        "ports": list(finding.ports),
        "sources": list(finding.sources),
        "packet": None if evidence is None else packet_object(evidence.packet),
        "path": [] if evidence is None else steps(evidence.path),
        "fix": decodable(finding.fix),
        "related": [{**_place(place), "message": decodable(why)} for place, why in finding.related],
    }


def _place(span: Span | None) -> dict[str, object]:
    if span is None:
        return {"file": None, "line": None}
    return {"file": decodable(span.source.name), "line": span.line}

"""The report as one JSON object, ``"schema": "zimlint/1"``.

Invariant: the schema is frozen: keys are added under a new name of it, never changed or taken away.
Invariant: the output is ASCII; bytes of a file that are no UTF-8 are spelled ``\\xNN``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from zimlint import __version__
from zimlint.finding import Finding, Report, Severity
from zimlint.model import Step
from zimlint.packets import ICMP, ICMPV6, PORT_PROTOCOLS, PROTOCOL_NAMES, Packet, format_address
from zimlint.reporters import Rendered, Style
from zimlint.reporters.words import protocol_name
from zimlint.source import Span


def render(report: Report, style: Style) -> Rendered:
    """The whole report; there is nothing to say beside it."""
    counts = {
        severity.word: sum(finding.severity is severity for finding in report.findings)
        for severity in sorted(Severity, reverse=True)
    }
    whole = {
        "schema": "zimlint/1",
        "version": __version__,
        "findings": [_finding(finding) for finding in report.findings],
        "notes": [
            {"check": note.check, "host": _text(note.host), "message": _text(note.message)} for note in report.notes
        ],
        "unread": [{"file": _text(unread.file), "reason": _text(unread.reason)} for unread in report.unread],
        "summary": {"hosts": len(report.hosts), "files": report.files, **counts},
    }
    return Rendered(json.dumps(whole, indent=1) + "\n")


def steps(path: Iterable[Step]) -> list[dict[str, object]]:
    """The lines that a packet meets on its way; those that do not match it are left out."""
    return [
        {**_place(step.span), "chain": _text(step.chain), "effect": _text(step.effect)}
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
        "in": _text(packet.interface),
        "state": packet.state,
    }
    if packet.protocol in (ICMP, ICMPV6):
        found["icmp_type"] = packet.destination_port >> 8
        found["icmp_code"] = packet.destination_port & 255
    return found


def _finding(finding: Finding) -> dict[str, object]:
    span, evidence = finding.span, finding.evidence
    end_line = span.end_line or span.line
    return {
        "check": finding.check,
        "severity": finding.severity.word,
        "certainty": finding.certainty,
        "message": _text(finding.message),
        "host": _text(finding.host),
        "file": _text(span.source.name),
        "line": span.line,
        "column": span.column,
        "end_line": end_line,
        "end_column": span.end_column or max(len(span.source.line(end_line).rstrip()) + 1, span.column),
        "families": [family.value for family in finding.families],
        "ports": list(finding.ports),
        "sources": list(finding.sources),
        "packet": None if evidence is None else packet_object(evidence.packet),
        "path": [] if evidence is None else steps(evidence.path),
        "fix": _text(finding.fix),
        "related": [{**_place(place), "message": _text(why)} for place, why in finding.related],
    }


def _place(span: Span | None) -> dict[str, object]:
    if span is None:
        return {"file": None, "line": None}
    return {"file": _text(span.source.name), "line": span.line}


def _text(text: str) -> str:
    """Lone surrogates are no JSON: bytes that were no UTF-8 are spelled out."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

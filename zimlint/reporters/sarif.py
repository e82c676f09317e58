"""SARIF 2.1.0 (OASIS, with errata 01), as GitHub's code scanning and editors read it.

GitHub wants a location on every result, lines from 1, paths relative to the repository, all checks listed whether they
fired or not, and takes 25,000 results; of fingerprints it reads ``primaryLocationLineHash`` alone (its documentation,
"SARIF support for code scanning"). There is no ``helpUri``: what would stand there is in the file. It reads neither
``suppressions`` nor ``baselineState`` and opens an alert for each such result (github/codeql-action, issue 1230), so
what is accepted is only there where it is asked for (``--show-accepted``).
Invariant: no word of the input is a link: brackets that would make one are escaped (SARIF 3.11.6).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence

from zimlint import __version__
from zimlint.finding import CheckText, Finding, Note, Report, Severity, Unread
from zimlint.fingerprint import fingerprints, path_from
from zimlint.reporters import Rendered, Style
from zimlint.reporters.json_report import packet_object
from zimlint.reporters.words import effect_words, message_words, packet_words
from zimlint.source import Source, Span, decodable

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_MOST_RESULTS = 25_000
_MOST_RELATED = 100
_MOST_STEPS = 1_000
_LONGEST = 1024
"""Characters of a description."""
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_DEFAULT_LEVELS = {"error": "error", "warning": "warning", "off": "none"}

_Object = dict[str, object]


def render(report: Report, style: Style) -> Rendered:
    """The whole log; there is nothing to say beside it."""
    checks = _checks(report)
    index = {check.id: number for number, check in enumerate(checks)}
    lines: dict[Source, list[str]] = {}
    state: _Object = {} if report.known is None else {"baselineState": "new"}
    known = [(finding, state) for finding in report.findings]
    if style.accepted:
        known += _accepted(report, state, lines)
    hashes = fingerprints([finding for finding, _ in known], report.base)
    new = len(report.findings)
    kept = sorted(range(len(known)), key=lambda number: (number >= new, -known[number][0].severity))[:_MOST_RESULTS]
    results = [
        {**_result(known[number][0], hashes[number], index, report.base, lines), **known[number][1]}
        for number in sorted(kept)
    ]
    run: _Object = {
        "tool": {
            "driver": {"name": "zimlint", "semanticVersion": __version__, "rules": [_rule(one) for one in checks]}
        },
        "invocations": [_invocation(report, index, len(known) - len(kept))],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder in which zimlint was run."}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return Rendered(json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n")


def _accepted(report: Report, state: _Object, lines: dict[Source, list[str]]) -> Iterator[tuple[Finding, _Object]]:
    """What is suppressed (SARIF 3.27.23, 3.35) and what the baseline knows (3.27.24), with what says so."""
    for one in report.suppressed:
        suppression = {
            "kind": "external" if one.in_site else "inSource",
            "status": "accepted",
            "justification": decodable(one.reason),
            "location": _location(one.by, report.base, lines),
        }
        yield one.finding, {**state, "suppressions": [suppression]}
    for finding in report.baselined:
        suppression = {"kind": "external", "status": "accepted", "justification": "in the baseline"}
        yield finding, {"baselineState": "unchanged", "suppressions": [suppression]}


def _checks(report: Report) -> list[CheckText]:
    checks = {check.id: check for check in report.checks}
    for finding in (*report.findings, *report.baselined, *(one.finding for one in report.suppressed)):
        if finding.check not in checks:
            checks[finding.check] = CheckText(finding.check, finding.severity.word, finding.check, finding.check, "")
    return list(checks.values())


def _rule(check: CheckText) -> _Object:
    why = " ".join(check.why.split())
    level = _DEFAULT_LEVELS.get(check.severity, "note")
    return {
        "id": check.id,
        "name": "".join(word.capitalize() for word in check.id.split("-")),
        "shortDescription": {"text": _cut(f"{check.title}.")},
        "fullDescription": {"text": _cut(why)},
        "help": {
            "text": f"{check.why}\n\nFix: {check.fix}",
            "markdown": f"{check.why}\n\n**Fix:** {check.fix}",
        },
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["security", "firewall", "zimbra"]},
    }


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3].rpartition(" ")[0] + "..."


def _result(
    finding: Finding, fingerprint: str, index: Mapping[str, int], base: str, lines: dict[Source, list[str]]
) -> _Object:
    place = _location(finding.span, base, lines)
    place["logicalLocations"] = [{"name": decodable(finding.host), "kind": "host"}]
    properties: _Object = {
        "host": decodable(finding.host),
        "certainty": finding.certainty,
        "families": [family.value for family in finding.families],
        "ports": list(finding.ports),
        "sources": list(finding.sources),
        "fix": decodable(finding.fix),
    }
    found: _Object = {
        "ruleId": finding.check,
        "ruleIndex": index[finding.check],
        "level": _LEVELS[finding.severity],
        "message": _message(message_words(finding)),
        "locations": [place],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint, "zimlint/v1": fingerprint},
        "properties": properties,
    }
    if finding.related:
        found["relatedLocations"] = [
            {"id": number, **_location(span, base, lines), "message": _message(why)}
            for number, (span, why) in enumerate(finding.related[:_MOST_RELATED], 1)
        ]
    if finding.evidence is not None:
        properties["packet"] = packet_object(finding.evidence.packet)
        flow = [
            {"location": {**_location(step.span, base, lines), "message": _message(_step(step.chain, step.effect))}}
            for step in finding.evidence.path
            if step.span is not None and step.effect != "no match"
        ][-_MOST_STEPS:]
        if flow:
            packet = _message(packet_words(finding.evidence.packet))
            found["codeFlows"] = [{"message": packet, "threadFlows": [{"locations": flow}]}]
    return found


def _step(chain: str, effect: str) -> str:
    return f"{chain}: {effect_words(effect)}"


def _invocation(report: Report, index: Mapping[str, int], left_out: int) -> _Object:
    said = [_unread(unread, report.base) for unread in report.unread]
    said += (_note(note, index) for note in report.notes)
    if left_out:
        what = "1 finding of lower severity is" if left_out == 1 else f"{left_out} findings of lower severity are"
        text = f"{what} left out: more than {_MOST_RESULTS} are refused"
        said.append({"level": "warning", "message": {"text": text}})
    return {
        "executionSuccessful": not report.unread,
        "exitCode": report.status,
        "toolExecutionNotifications": said,
    }


def _unread(unread: Unread, base: str) -> _Object:
    where = {"physicalLocation": {"artifactLocation": _artifact(unread.file, base)}}
    return {"level": "error", "message": _message(f"not read: {unread.reason}"), "locations": [where]}


def _note(note: Note, index: Mapping[str, int]) -> _Object:
    rule: _Object = {"id": note.check}
    if note.check in index:
        rule["index"] = index[note.check]
    return {"level": "note", "message": _message(f"{note.host}: {note.message}"), "associatedRule": rule}


def _location(span: Span, base: str, lines: dict[Source, list[str]]) -> _Object:
    if span.source not in lines:
        lines[span.source] = span.source.text.split("\n")
    last = max(span.end_line, span.line)
    text = [line.rstrip("\r") for line in lines[span.source][span.line - 1 : last]]
    region: _Object = {
        "startLine": max(span.line, 1),
        "startColumn": max(span.column, 1),
        "endLine": max(last, 1),
        "endColumn": _end_column(span, text),
    }
    if text:
        region["snippet"] = {"text": decodable("\n".join(text[:_MOST_RELATED]))}
    return {"physicalLocation": {"artifactLocation": _artifact(span.source.name, base), "region": region}}


def _end_column(span: Span, text: Sequence[str]) -> int:
    end = span.end_column or len(text[-1].rstrip() if text else "") + 1
    return end if span.end_line > span.line else max(end, span.column, 1)


def _artifact(name: str, base: str) -> _Object:
    """A file below the folder of the run by its relative path, another one by its whole path."""
    from urllib.parse import quote

    path = path_from(name, base)
    if path == os.pardir or path.startswith("../") or os.path.isabs(path):
        return {"uri": "file://" + quote(os.fsencode(os.path.normpath(os.path.join(base, name))))}
    return {"uri": quote(os.fsencode(path)), "uriBaseId": _ROOT}


def _message(text: str) -> _Object:
    return {"text": decodable(text).replace("](", "\\](") or "(no text)"}

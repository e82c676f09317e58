"""GitLab's code quality report, for ``artifacts: reports: codequality``.

The keys are those of GitLab's documentation, "Code Quality report format": of a larger standard it reads no others.
Invariant: paths are told from the folder of the run, without ``./``; no two entries have the same fingerprint.
"""

from __future__ import annotations

import json

from zimlint.finding import Finding, Report, Severity, Unread
from zimlint.fingerprint import fingerprints, path_from, unread_fingerprint
from zimlint.reporters import Rendered, Style
from zimlint.reporters.words import message_words
from zimlint.source import decodable

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(report: Report, style: Style) -> Rendered:
    """The list of findings, and of files that could not be read: those must not look clean."""
    known = zip(report.findings, fingerprints(report.findings, report.base), strict=True)
    entries = [_finding(finding, fingerprint, report.base) for finding, fingerprint in known]
    entries += (_unread(unread, report.base) for unread in report.unread)
    return Rendered(json.dumps(entries, indent=1) + "\n")


def _finding(finding: Finding, fingerprint: str, base: str) -> dict[str, object]:
    lines = {"begin": finding.span.line}
    if finding.span.end_line > finding.span.line:
        lines["end"] = finding.span.end_line
    return {
        "description": decodable(message_words(finding)),
        "check_name": finding.check,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": decodable(path_from(finding.span.source.name, base)), "lines": lines},
    }


def _unread(unread: Unread, base: str) -> dict[str, object]:
    return {
        "description": decodable(f"not read: {unread.reason}"),
        "check_name": "not-read",
        "fingerprint": unread_fingerprint(unread, base),
        "severity": "blocker",
        "location": {"path": decodable(path_from(unread.file, base)), "lines": {"begin": 1}},
    }

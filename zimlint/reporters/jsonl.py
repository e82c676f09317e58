"""The report as JSON lines, one object each: the findings, the notes, what was not read, and the summary last.

A finding has the keys that it has in ``json``, and its fingerprint; ``type`` says what a line is.
Invariant: the output is ASCII; a line is whole by itself, so that a reader may begin before the end.
"""

from __future__ import annotations

import json

from zimlint.finding import Report
from zimlint.fingerprint import fingerprints
from zimlint.reporters import Rendered, Style
from zimlint.reporters.json_report import (
    baseline_object,
    finding_object,
    note_object,
    summary_object,
    unread_object,
)


def render(report: Report, style: Style) -> Rendered:
    """The lines; there is nothing to say beside them."""
    known = zip(report.findings, fingerprints(report.findings, report.base), strict=True)
    lines: list[dict[str, object]] = [
        {"type": "finding", **finding_object(finding), "fingerprint": fingerprint} for finding, fingerprint in known
    ]
    lines += ({"type": "note", **note_object(note)} for note in report.notes)
    lines += ({"type": "unread", **unread_object(unread)} for unread in report.unread)
    if report.known is not None:
        lines.append({"type": "baseline", **baseline_object(report, report.known)})
    lines.append({"type": "summary", **summary_object(report)})
    return Rendered("".join(json.dumps(line) + "\n" for line in lines))

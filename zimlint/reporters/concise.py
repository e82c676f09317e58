"""One line a finding: ``path:line:col: severity[check] message``, as editors and ``grep`` take it.

Invariant: a finding is one line, whatever a file or its name holds.
"""

from __future__ import annotations

from zimlint.finding import Finding, Report
from zimlint.reporters import Rendered, Style
from zimlint.reporters.text import place, remarks
from zimlint.reporters.words import escaped, message_words


def render(report: Report, style: Style) -> Rendered:
    """The lines, and beside them notes and the summary."""
    return Rendered("".join(f"{_line(finding)}\n" for finding in report.findings), remarks(report, style))


def _line(finding: Finding) -> str:
    what = escaped(message_words(finding))
    return f"{place(finding.span)}: {finding.severity.word}[{finding.check}] {what}"

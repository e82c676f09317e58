"""How often each check fired, the most frequent first: an overview where findings are many.

Invariant: counts only; nothing of the input is in it.
"""

from __future__ import annotations

from zimlint.finding import Finding, Report, Severity
from zimlint.reporters import Rendered, Style
from zimlint.reporters.text import remarks


def render(report: Report, style: Style) -> Rendered:
    """The table, and beside it notes and the summary."""
    by_check: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_check.setdefault(finding.check, []).append(finding)
    titles = {check.id: check.title for check in report.checks}
    rows = [
        (str(len(found)), _severity(found), str(len({finding.host for finding in found})), check, titles.get(check, ""))
        for check, found in sorted(by_check.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    return Rendered("".join(f"{line}\n" for line in _aligned(rows)) if rows else "", remarks(report, style))


def _severity(findings: list[Finding]) -> str:
    return Severity(max(finding.severity for finding in findings)).word


def _aligned(rows: list[tuple[str, str, str, str, str]]) -> list[str]:
    rows = [("count", "severity", "hosts", "check", "fires when"), *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        f"{row[0]:>{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:<{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    ]

"""Markdown for the summary of a job or a comment on a pull request: a table, then each finding in full.

The form is GitHub's (GFM), which GitLab and Forgejo read the same. Of a long report the gravest findings are shown.
Invariant: whatever comes from the input stands in code, inline or fenced: there it is no markup, link or mention.
"""

from __future__ import annotations

import re

from zimlint.finding import Finding, Report, Severity
from zimlint.reporters import Rendered, Style
from zimlint.reporters.text import finding_lines, place, summary
from zimlint.reporters.words import escaped, message_words
from zimlint.source import Source

_LIMIT = 60_000
"""Characters: GitHub takes 65,536 for a comment, and 1 MiB for all summaries of a step."""
_NO_SEVERITY = "note"


def render(report: Report, style: Style) -> Rendered:
    """Heading, table and details; there is nothing to say beside them."""
    gravest_first = sorted(report.findings, key=lambda finding: -finding.severity)
    parts = [f"## zimlint\n\n{_sentence(report)}\n", _unread(report), _notes(report)]
    room = _LIMIT - sum(map(len, parts))
    parts.append(_table(gravest_first, room // 2))
    parts.append(_details(gravest_first, _LIMIT - sum(map(len, parts))))
    return Rendered("\n".join(filter(None, parts)))


def _sentence(report: Report) -> str:
    """The summary; nothing in it is foreign."""
    return summary(report)


def _unread(report: Report) -> str:
    lines = [f"- {code(unread.file)}: not read, {code(unread.reason)}\n" for unread in report.unread[:_FEW]]
    return "".join(lines) + _rest(len(report.unread) - _FEW, "input")


_FEW = 20


def _notes(report: Report) -> str:
    lines = [f"- note `{note.check}`: {code(note.host)}: {code(note.message)}\n" for note in report.notes[:_FEW]]
    return "".join(lines) + _rest(len(report.notes) - _FEW, "note")


def _table(findings: list[Finding], room: int) -> str:
    if not findings:
        return ""
    text = "| severity | check | where | what |\n| --- | --- | --- | --- |\n"
    for number, finding in enumerate(findings):
        where, what = _cell(place(finding.span)), _cell(message_words(finding))
        row = f"| {_severity(finding.severity)} | `{finding.check}` | {where} | {what} |\n"
        if len(text) + len(row) > room:
            return f"{text}\n{_rest(len(findings) - number, 'finding')}"
        text += row
    return text


def _details(findings: list[Finding], room: int) -> str:
    lines: dict[Source, list[str]] = {}
    text = ""
    for number, finding in enumerate(findings):
        block = _fenced("\n".join(finding_lines(finding, Style(), lines)))
        if len(text) + len(block) + 200 > room:
            return f"{_folded(text)}\n{_rest(len(findings) - number, 'finding')}"
        text += f"\n{block}"
    return _folded(text)


def _folded(text: str) -> str:
    return f"<details><summary>the lines, the packets and what to do</summary>\n{text}\n</details>\n" if text else ""


def _rest(number: int, noun: str) -> str:
    return f"{number} more {noun}{'' if number == 1 else 's'} not shown\n" if number > 0 else ""


def _severity(severity: Severity) -> str:
    return f"**{severity.word}**" if severity is Severity.ERROR else severity.word


def code(text: str) -> str:
    """Foreign text as a span of code: between more backticks than stand in a row in it (CommonMark, "Code spans")."""
    shown = escaped(text)
    ticks = "`" * (_longest_row(shown) + 1)
    space = " " if shown[:1] in ("`", " ") or shown[-1:] in ("`", " ") else ""
    return f"{ticks}{space}{shown}{space}{ticks}" if shown else ""


def _cell(text: str) -> str:
    """The same in a table, where a bar ends the cell even in code unless a backslash stands before it (GFM, "Tables").

    Backslashes before the bar would pair with that one, so each is doubled, and shown so.
    """
    return re.sub(r"(\\*)\|", lambda found: f"{found[1] * 2}\\|", code(text))


def _fenced(text: str) -> str:
    fence = "`" * max(_longest_row(text) + 1, 3)
    return f"{fence}text\n{text}\n{fence}\n"


def _longest_row(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)

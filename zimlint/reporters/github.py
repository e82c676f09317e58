"""Workflow commands: GitHub shows each finding beside the line in the files of a pull request.

Of one step it shows ten annotations of each kind, so the gravest come first.
Escaping is that of ``escapeData`` and ``escapeProperty`` in actions/toolkit, packages/core/src/command.ts.
Invariant: a command is one line, and no word of the input ends it or begins another.
"""

from __future__ import annotations

from collections.abc import Mapping

from zimlint.finding import Finding, Note, Report, Severity, Unread
from zimlint.fingerprint import path_from
from zimlint.reporters import Rendered, Style
from zimlint.reporters.text import summary
from zimlint.reporters.words import escaped, message_words, packet_words

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, style: Style) -> Rendered:
    """The commands, and beside them the summary."""
    gravest_first = sorted(report.findings, key=lambda finding: -finding.severity)
    lines = [_unread(unread, report.base) for unread in report.unread]
    lines += (_finding(finding, report.base) for finding in gravest_first)
    if not style.quiet:
        lines += (_note(note) for note in report.notes)
    return Rendered("".join(f"{line}\n" for line in lines), "" if style.quiet else f"{summary(report)}\n")


def _finding(finding: Finding, base: str) -> str:
    span = finding.span
    properties = {"title": finding.check, "file": path_from(span.source.name, base), "line": str(span.line)}
    if span.end_line > span.line:  # columns are refused where a region has several lines
        properties["endLine"] = str(span.end_line)
    else:
        properties["col"] = str(span.column)
        if span.end_column > span.column:
            properties["endColumn"] = str(span.end_column)
    said = [message_words(finding)]
    if finding.evidence is not None:
        said.append(f"packet: {packet_words(finding.evidence.packet)}")
    if finding.fix:
        said.append(f"fix: {finding.fix}")
    return _command(_COMMANDS[finding.severity], properties, said)


def _note(note: Note) -> str:
    return _command("notice", {"title": note.check}, [f"{note.host}: {note.message}"])


def _unread(unread: Unread, base: str) -> str:
    return _command("error", {"title": "not read", "file": path_from(unread.file, base)}, [unread.reason])


def _command(name: str, properties: Mapping[str, str], lines: list[str]) -> str:
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {given}::{_data(chr(10).join(map(escaped, lines)))}"


def _property(text: str) -> str:
    return _data(escaped(text)).replace(":", "%3A").replace(",", "%2C")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

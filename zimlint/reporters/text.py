"""Findings for people: what is wrong, the line, the packet that proves it, its way, what to do.

Invariant: nothing foreign reaches a terminal unescaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from zimlint.finding import Finding, Report, Severity
from zimlint.reporters import Rendered, Style
from zimlint.reporters.excerpt import WIDTH, excerpt
from zimlint.reporters.words import counted, escaped, message_words, packet_words, path_words
from zimlint.source import Source, Span

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_RULER = "34"
_TEXT_WIDTH = 100
"""Longer lines of prose are hard to read, however wide the terminal is."""
_LABEL = 14
"""The columns before a packet, a path or a fix."""
_GUTTER = 6
_LEAST = 40
_HANGING = "    "
"""Before what is left of a first line that is too long for the terminal."""
_MAX_RELATED = 6
_MAX_GONE = 10
_MAX_LINES = 3
"""Of a span over several lines."""


def render(report: Report, style: Style) -> Rendered:
    """The findings, and beside them notes and the summary."""
    lines: dict[Source, list[str]] = {}
    findings = "\n\n".join("\n".join(finding_lines(finding, style, lines)) for finding in report.findings)
    return Rendered(f"{findings}\n" if findings else "", remarks(report, style))


def remarks(report: Report, style: Style) -> str:
    """What stands beside the findings: notes, what the baseline knows and is gone, the summary."""
    if style.quiet:
        return ""
    return "".join(f"{line}\n" for line in (*_notes(report, style), *gone_lines(report), summary(report)))


def summary(report: Report) -> str:
    """``1 host, 2 files: 1 error, 3 warnings``; what was not understood is always said."""
    read = f"{counted(len(report.hosts), 'host')}, {counted(report.files, 'file')}"
    counts = [
        counted(sum(finding.severity is severity for finding in report.findings), severity.word)
        for severity in sorted(Severity, reverse=True)
        if any(finding.severity is severity for finding in report.findings)
    ]
    said = [", ".join(counts) or "no findings"]
    if report.suppressed:
        said.append(f"{len(report.suppressed)} suppressed")
    if report.known:
        said.append(f"{report.known} in the baseline")
    if report.lines_not_understood:
        files = counted(report.files_not_understood, "file")
        said.append(f"{counted(report.lines_not_understood, 'line')} not understood in {files}")
    if report.unread:
        said.append(f"{counted(len(report.unread), 'input')} not read")
    return f"{read}: {'; '.join(said)}"


def _notes(report: Report, style: Style) -> Iterator[str]:
    for note in report.notes:
        yield f"{_paint('note', '1', style)}[{note.check}]: {escaped(note.host)}: {escaped(note.message)}"


def gone_lines(report: Report) -> Iterator[str]:
    """What a baseline knows and nothing shows any more."""
    if report.gone:
        verb = "occurs" if len(report.gone) == 1 else "occur"
        yield f"{counted(len(report.gone), 'known finding')} of the baseline no longer {verb}:"
    for entry in report.gone[:_MAX_GONE]:
        yield f"  {escaped(entry.check)}: {escaped(entry.file)}: {escaped(entry.message)}"
    if len(report.gone) > _MAX_GONE:
        yield f"  and {len(report.gone) - _MAX_GONE} more"


def finding_lines(finding: Finding, style: Style, lines: dict[Source, list[str]]) -> Iterator[str]:
    """One finding; ``lines`` keeps the lines of the sources between calls."""
    colour = _COLOURS[finding.severity]
    yield from _headline(finding, style)
    span = finding.span
    margin = " " * max(len(str(max(span.line, span.end_line))), 2)
    yield f"{margin}{_paint('-->', _RULER, style)} {place(span)}"
    bar = _paint("|", _RULER, style)
    width = min(max(style.columns - _GUTTER - len(margin), _LEAST), WIDTH)
    shown = list(_excerpt(span, lines, width))
    if shown:
        yield f"{margin} {bar}"
    for number, text, carets in shown:
        yield f"{_paint(number.rjust(len(margin)), _RULER, style)} {bar} {text}".rstrip()
        if carets:
            yield f"{margin} {bar} {_paint(carets, colour, style)}"
    equals = _paint("=", _RULER, style)
    for key, value in _facts(finding):
        first, *more = _wrapped(value, min(max(style.columns - _LABEL, _LEAST), _TEXT_WIDTH))
        yield f"{margin} {equals} {key:<7} {first}"
        for line in more:
            yield f"{margin}           {line}"


def _headline(finding: Finding, style: Style) -> Iterator[str]:
    """What is wrong, where there is no terminal in one line."""
    head = f"{finding.severity.word}[{finding.check}]"
    message = escaped(message_words(finding))
    first, *more = [f"{head}: {message}"]
    if style.folded:
        first, *more = _wrapped(first, max(style.columns - len(_HANGING), _LEAST))
    colour = f"1;{_COLOURS[finding.severity]}"
    yield f"{_paint(head, colour, style)}:{_painted_rest(first.removeprefix(f'{head}:'), style)}"
    for line in more:
        yield f"{_HANGING}{_paint(line, '1', style)}"


def _painted_rest(text: str, style: Style) -> str:
    return f" {_paint(text.removeprefix(' '), '1', style)}" if text else ""


def place(span: Span) -> str:
    """``mail1/rules.v4:14:1``."""
    return f"{escaped(span.source.name)}:{span.line}:{span.column}"


def _excerpt(span: Span, lines: dict[Source, list[str]], width: int) -> Iterator[tuple[str, str, str]]:
    """Line number, line and carets; of many lines the first ones."""
    if span.source not in lines:
        lines[span.source] = span.source.text.split("\n")
    text = lines[span.source]
    last = min(max(span.end_line, span.line), len(text))
    for number in range(span.line, last + 1):
        if number - span.line == _MAX_LINES and number < last:
            yield "", f"... {counted(last - number + 1, 'more line')}", ""
            return
        line = text[number - 1].rstrip("\r")
        if not line.strip():
            continue
        column = span.column if number == span.line else len(line) - len(line.lstrip()) + 1
        end = span.end_column if number == span.end_line and span.end_column else len(line.rstrip()) + 1
        shown = excerpt(line, column, end, width)
        yield str(number), shown.text, shown.carets


def _facts(finding: Finding) -> Iterator[tuple[str, str]]:
    evidence = finding.evidence
    if evidence is not None:
        yield "packet", packet_words(evidence.packet)
        if evidence.path:
            yield "path", path_words(evidence.path, finding.span.source)
    if finding.certainty == "possible":
        yield "perhaps", "only if what the text alone does not settle goes this way"
    if finding.fix:
        yield "fix", escaped(finding.fix)
    for span, why in finding.related[:_MAX_RELATED]:
        yield "see", f"{place(span)}: {escaped(why)}"
    if len(finding.related) > _MAX_RELATED:
        yield "see", f"{len(finding.related) - _MAX_RELATED} more places"


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of a readable length; a command in backticks is not broken."""
    lines = [""]
    for word in re.findall(r"[^\s`]*`[^`]*`\S*|\S+", text):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines


def _paint(text: str, colour: str, style: Style) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if style.colour else text

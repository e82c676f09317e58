"""What ``ufw status``, ``status verbose`` and ``status numbered`` print, of every version and language.

Invariant: a line is part of the head, a row, or a Problem; only blank lines, shell prompts and ufw's own WARN and ERROR
lines around the table are passed over.
Invariant: what the output hides stays open: no default in plain status, no ports behind an unknown application.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from zimlint.formats.lines import Node, ShapeRefused, parse_shape
from zimlint.formats.status_chains import active_chains, inactive_chains
from zimlint.formats.status_rows import Row, RowReader, RowRefused
from zimlint.formats.ufw_words import english
from zimlint.host import AppProfile, StatusReport
from zimlint.model import Problem, Ruleset, Verdict
from zimlint.packets import Family
from zimlint.source import Source, Span, line_span


def read_ufw_status(
    source: Source, profiles: Mapping[str, AppProfile]
) -> tuple[StatusReport, tuple[Ruleset, ...], tuple[Problem, ...]]:
    """The head, one ruleset for each family that the rows name (IPv4 always), and the lines that are no status."""
    page = _Page(source, RowReader(profiles))
    for number, line in enumerate(source.text.split("\n"), 1):
        page.add(number, line.rstrip("\r"))
    page.close()
    report = page.report()
    if page.state is None and not page.rows:
        return report, (), tuple(page.problems)
    families = [Family.IPV4, Family.IPV6] if any(row.family is Family.IPV6 for row in page.rows) else [Family.IPV4]
    unread = sum(1 for problem in page.problems if problem.check == "unreadable-line")
    rulesets = tuple(
        _ruleset(page, report, family, profiles, unread if family is Family.IPV4 else 0) for family in families
    )
    return report, rulesets, tuple(page.problems)


_PASSED_OVER = re.compile(
    r"(?:WARN|ERROR): "  # ufw's standard error, merged when a terminal is copied
    r"|\[sudo\] |\S+@\S+[#$%>]|[#$%] |(?:sudo )?ufw "  # a shell prompt, the command
    r"|Firewall (?:reloaded|is active)"  # `ufw enable; ufw status`
)
_DASHES = re.compile(r"[-\u2013\u2014]+(?:\s+[-\u2013\u2014]+){2}")
_POLICIES = {"allow": Verdict.ACCEPT, "deny": Verdict.DROP, "reject": Verdict.REJECT, "disabled": None}


class _Page:
    """The output, line by line."""

    def __init__(self, source: Source, reader: RowReader) -> None:
        self.source = source
        self.reader = reader
        self.state: bool | None = None
        self.state_span: Span | None = None
        self.logging: str | None = None
        self.policies: tuple[Verdict | None, ...] = ()
        self.policies_span: Span | None = None
        self.verbose = False
        self.failure: tuple[str, Span] | None = None  # the first ERROR line: ufw prints no status then
        self.rows: list[Row] = []
        self.problems: list[Problem] = []
        self._title: tuple[int, str] | None = None
        self._in_table = False
        self._last_number = 0
        self._commented = 0  # the last row with a comment, if it is the line above: a comment may hold a line break

    def add(self, number: int, line: str) -> None:
        """The next line of the output."""
        if not line.strip():
            return
        if _DASHES.fullmatch(line.strip()):
            self._in_table, self._title = True, None  # the line above was the table's title, whatever its language
            return
        if not self._in_table and self._read_head(number, line):
            return
        self._read_row(number, line)

    def close(self) -> None:
        """The end of the output."""
        self._untitled()
        if self.state is None and not self.rows:
            message, span = self.failure or ("no 'Status:' line in this output", self._first_line())
            self.problems.insert(0, Problem("unreadable-line", message, span, fatal=True))

    def report(self) -> StatusReport:
        """The head; rows without one can only come from an active ufw."""
        span = self.state_span or (self.rows[0].span if self.rows else self._first_line())
        form: Literal["plain", "verbose", "numbered"] = "plain"
        if any(row.number is not None for row in self.rows):
            form = "numbered"
        elif self.verbose or any(row.directed and row.direction == "IN" for row in self.rows):
            form = "verbose"
        incoming, outgoing, routed = (*self.policies, None, None, None)[:3]
        active = self.state is not False or bool(self.rows)  # a stopped ufw prints no rows
        return StatusReport(active, span, self.logging, incoming, outgoing, routed, form)

    def _read_head(self, number: int, line: str) -> bool:
        words = english(line)
        if words is None:
            return False
        try:
            tree = parse_shape("ufw_status", words)
        except ShapeRefused:
            return False
        self._untitled()
        self._take(tree, line_span(self.source, number, line), words)
        return True

    def _take(self, tree: Node, span: Span, words: str) -> None:
        match tree:
            case ("state", str(state)):
                if self.state is not None:
                    message = "a second status in one file: only the first one's head counts"
                    self.problems.append(Problem("unreadable-line", message, span))
                    return
                self.state, self.state_span = state in ("active", "loaded"), span
            case ("logging", *levels):
                self.logging, self.verbose = str(levels[-1]), True
            case ("policies", *policies):
                self.policies = tuple(_POLICIES[str(policy)] for policy in policies)
                self.policies_span, self.verbose = span, True
            case ("new_profiles", _):
                self.verbose = True
            case ("header",):
                self._in_table = True
            case _:
                self._refuse(span, f"'{words}' is nothing that ufw prints here")

    def _read_row(self, number: int, line: str) -> None:
        span = line_span(self.source, number, line)
        try:
            row = self.reader.read(line, span)
        except RowRefused as refusal:
            if _PASSED_OVER.match(line.lstrip()):
                self._pass_over(line.strip(), span)
                return
            if self._in_table:
                self._refuse(span, self._with_origin(number, str(refusal)))
            else:
                self._untitled()
                self._title = number, line  # the title of the table, if dashes follow
            return
        self._untitled()
        self._in_table = True
        if row.number is None and self._last_number:
            self._refuse(span, self._with_origin(number, "a row without a number in a numbered list"))
            return
        if row.number is not None and row.number <= self._last_number:
            self._refuse(span, self._with_origin(number, f"row {row.number} stands twice"))
        elif row.number is not None:
            self._last_number = row.number
        if row.comment is not None:
            self._commented = number
        self.rows.append(row)

    def _pass_over(self, line: str, span: Span) -> None:
        if line.startswith("ERROR: "):
            self.failure = self.failure or (line.removeprefix("ERROR: "), span)
        elif line.startswith("WARN: Skipping malformed tuple"):
            self._refuse(span, line.removeprefix("WARN: "))  # its lines are loaded, no row shows them

    def _first_line(self) -> Span:
        number = next((n for n, line in enumerate(self.source.text.split("\n"), 1) if line.strip()), 1)
        return line_span(self.source, number, self.source.line(number))

    def _with_origin(self, number: int, message: str) -> str:
        if not self._commented or number != self._commented + 1:
            return message
        self._commented = number
        return f"{message}; the comment of the row above may hold a line break"

    def _untitled(self) -> None:
        if self._title is not None:
            number, line = self._title
            self._title = None
            self._refuse(line_span(self.source, number, line), "neither the head nor a row of ufw status")

    def _refuse(self, span: Span, message: str) -> None:
        self.problems.append(Problem("unreadable-line", message, span))


def _ruleset(
    page: _Page, report: StatusReport, family: Family, profiles: Mapping[str, AppProfile], unread: int
) -> Ruleset:
    if not report.active:
        chains = inactive_chains(report.span)
        return Ruleset(family, "status", page.source, {"filter": chains}, unread_lines=unread)
    span = page.policies_span or report.span
    shown = {"INPUT": report.default_input, "OUTPUT": report.default_output, "FORWARD": report.default_forward}
    chains = active_chains(page.rows, family, profiles, report.span, {name: (shown[name], span) for name in shown})
    return Ruleset(family, "status", page.source, {"filter": chains}, unread_lines=unread)

"""Files of ufw commands, and what ``ufw show added`` prints: the rules that they leave.

Invariant: a command that is not evaluated, or that ufw refuses, is a Problem and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zimlint.formats.shell_lines import Line, firewall_lines
from zimlint.formats.status_chains import active_chains, inactive_chains
from zimlint.formats.status_rows import Row
from zimlint.formats.ufw_command import (
    DefaultCommand,
    DeleteNumber,
    RuleCommand,
    SwitchCommand,
    read_command,
)
from zimlint.formats.ufw_rule_words import CommandRefused
from zimlint.host import AppProfile
from zimlint.model import Problem, Ruleset, Verdict, View
from zimlint.packets import Family
from zimlint.source import Source, Span, line_span


def read_ufw_commands(
    source: Source, profiles: Mapping[str, AppProfile], *, added: bool = False
) -> tuple[tuple[Ruleset, ...], tuple[Problem, ...]]:
    """A ruleset for each family that a rule is about (IPv4 always); ``added``: it is output of ``ufw show added``."""
    return carry_out(source, firewall_lines(source), profiles, known=added)


def carry_out(
    source: Source,
    lines: Iterable[Line],
    profiles: Mapping[str, AppProfile],
    *,
    known: bool = False,
    whole: bool = True,
) -> tuple[tuple[Ruleset, ...], tuple[Problem, ...]]:
    """What commands leave, one after the other.

    ``known``: nothing was there before. Without ``whole`` others are known to have run, too.
    """
    reader = _Reader(source, known=known)
    for line in lines:
        reader.run(line)
    unread = reader.unread
    view: View = "status" if reader.known and whole and not unread else "fragment"
    span = reader.switched or line_span(source, 1, source.line(1))
    found: list[Ruleset] = []
    for family in Family:
        if family is Family.IPV6 and not reader.rows[family]:
            continue
        if reader.off:
            chains = inactive_chains(span)
        else:
            rows = [each.row for each in reader.rows[family]]
            chains = active_chains(rows, family, profiles, span, reader.defaults)
        found.append(Ruleset(family, view, source, {"filter": chains}, unread_lines=unread if not found else 0))
    return tuple(found), tuple(reader.problems)


_VERDICTS = {"allow": Verdict.ACCEPT, "deny": Verdict.DROP, "reject": Verdict.REJECT}


class _Added:
    """One rule as ufw keeps it."""

    def __init__(self, row: Row, logged: str) -> None:
        self.row = row
        self.logged = logged

    def same_match(self, other: _Added) -> bool:
        """``UFWRule.match`` below 1: equal but for action, log and comment (ufw/common.py)."""
        mine, others = self.row, other.row
        return (mine.to, mine.sender, mine.direction) == (others.to, others.sender, others.direction)

    def same_rule(self, other: _Added) -> bool:
        """``UFWRule.match`` 0 or -2: equal but for the comment."""
        return self.same_match(other) and (self.row.action, self.logged) == (other.row.action, other.logged)


class _Reader:
    """ufw while the commands run."""

    def __init__(self, source: Source, *, known: bool) -> None:
        self.source = source
        self.known = known
        self.rows: dict[Family, list[_Added]] = {Family.IPV4: [], Family.IPV6: []}
        self.defaults: dict[str, tuple[Verdict | None, Span]] = {}
        self.problems: list[Problem] = []
        self.unread = 0
        """How many commands since the last reset were not carried out."""
        self.off = False
        self.switched: Span | None = None

    def run(self, line: Line) -> None:
        """The next command."""
        name = line.words[0].rpartition("/")[2]
        reason = line.unsure or ("" if name == "ufw" else f"{name} is not followed in a file of ufw commands")
        if reason:
            self._not_evaluated(reason, line.span)
            self.off = self.off and line.words[-1] != "enable"  # then the rules may count
            return
        if line.refused:
            self.problems.append(Problem("unreadable-line", line.refused, line.span))
            self.unread += 1
            return
        try:
            self._command(line)
        except CommandRefused as refused:
            self.problems.append(Problem("unreadable-line", f"ERROR: {refused}", line.span))
            self.unread += 1

    def _not_evaluated(self, reason: str, span: Span) -> None:
        self.problems.append(Problem("unknown-command", f"not evaluated: {reason}", span))
        self.unread += 1

    def _command(self, line: Line) -> None:
        command = read_command(line.words[1:])
        match command:
            case RuleCommand():
                if command.place == "insert":
                    self._insert(command, line.span)
                for family in command.families if command.place != "insert" else ():
                    self._change(command, family, line.span)
            case DefaultCommand(hook, policy):
                self.defaults[hook] = (_VERDICTS[policy], line.span)
            case DeleteNumber(number):
                self._delete_number(number, line.span)
            case SwitchCommand("reset"):
                self.rows = {Family.IPV4: [], Family.IPV6: []}
                # the policies of /etc/default/ufw stay, and ufw is off until it is enabled (backend_iptables.py, reset)
                self.known, self.unread = True, 0
                self.off, self.switched = True, line.span
            case SwitchCommand("enable" | "disable" as switch):
                self.off, self.switched = switch == "disable", line.span
            case _:
                pass

    def _change(self, command: RuleCommand, family: Family, span: Span) -> None:
        rows, new = self.rows[family], _added(command, family, span)
        if command.place == "delete":
            place = next((index for index, old in enumerate(rows) if old.same_rule(new)), None)
            if place is not None:
                del rows[place]
            return
        place = next((index for index, old in enumerate(rows) if old.same_match(new)), None)
        if command.place == "prepend":
            if place is None:
                rows.insert(0, new)
        elif place is None:
            rows.append(new)
        elif not rows[place].same_rule(new):
            rows[place] = new

    def _insert(self, command: RuleCommand, span: Span) -> None:
        """Positions count through both lists, IPv4 first (ufw/frontend.py, set_rule)."""
        four, six = self.rows[Family.IPV4], self.rows[Family.IPV6]
        if command.number > len(four) + len(six):
            if self.known:
                raise CommandRefused(f"Invalid position '{command.number}'")
            self._not_evaluated("which rule has that number is not known", span)
            return
        if command.families == (Family.IPV4,) and command.number > len(four):
            raise CommandRefused(f"Invalid position '{command.number}'")
        if command.families == (Family.IPV6,) and command.number <= len(four):
            raise CommandRefused(f"Invalid position '{command.number}'")
        ahead = (four + six)[command.number - 1]  # the new rule goes before it, and before its twin
        position = {Family.IPV4: command.number - 1, Family.IPV6: command.number - 1 - len(four)}
        own = Family.IPV4 if command.number <= len(four) else Family.IPV6
        for family in command.families:
            rows, new = self.rows[family], _added(command, family, span)
            if any(old.same_match(new) for old in rows):
                continue  # "Skipping inserting existing rule"
            twin = next((index for index, old in enumerate(rows) if old.same_match(ahead)), len(rows))
            rows.insert(position[family] if family is own else twin, new)

    def _delete_number(self, number: int, span: Span) -> None:
        if not self.known:
            self._not_evaluated("which rule has that number is not known", span)
            return
        for family in Family:
            rows = self.rows[family]
            if 0 < number <= len(rows):
                del rows[number - 1]
                return
            number -= len(rows)
        raise CommandRefused(f"Could not find rule '{number}'")


def _added(command: RuleCommand, family: Family, span: Span) -> _Added:
    row = Row(None, command.to, command.action, command.direction, True, command.sender, command.comment, family, span)
    return _Added(row, command.logged)

"""Makes ``zimlint/zimlint.1``, the man page, of the parsers: ``python -m tests.make_man``.

Invariant: the same command line always gives the same text; a test compares it with the file.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from tests.helpers import ROOT
from zimlint import __version__
from zimlint.cli.help_texts import AFTER_LINT
from zimlint.cli.synopsis import Command, Operand, Option, commands

TARGET = ROOT / "zimlint" / "zimlint.1"
DATE = "2026-11-25"
HEAD = """\
.\\" made by: python -m tests.make_man
.TH ZIMLINT 1 {date} "zimlint {version}" "User Commands"
.nh
.SH NAME
zimlint \\- lint the firewall of a Zimbra mail server
.SH SYNOPSIS
.B zimlint
.RI [ OPTIONS ]\\~ PATH ...
.br
.B zimlint
.I COMMAND
.RI ...
.SH DESCRIPTION
.B zimlint
reads iptables, ufw and ipset files,
works out which packets get into the host,
and says where that differs from Zimbra practice.
It needs no root, no network and no running firewall.
A folder is one host or holds several;
files that belong together are judged together.
A PATH of
.B \\-
is standard input.
.SH OPTIONS"""
TAIL = """\
.SH EXIT STATUS
.TP
.B 0
Nothing at or above the threshold of
.BR \\-\\-fail\\-on .
.TP
.B 1
Findings.
.TP
.B 2
Something could not be read, or the configuration is wrong.
.TP
.B 70
A bug in zimlint.
.SH FILES
.TP
.I .zimlint.yaml
The site file: networks, roles, hosts, severities, suppressions;
the nearest one from each file upward.
.SH ENVIRONMENT
.TP
.BR NO_COLOR ,\\~ FORCE_COLOR ,\\~ CLICOLOR_FORCE ,\\~ CLICOLOR
Whether
.B \\-\\-color auto
colours.
.TP
.B ZIMLINT_DEBUG
Shows the traceback of a bug in zimlint.
.SH SEE ALSO
.BR ufw (8),
.BR iptables\\-save (8),
.BR ip6tables\\-save (8),
.BR ipset (8)"""


def make_man() -> str:
    """The text of the page."""
    lint, *others = commands()
    lines = [HEAD.format(date=DATE, version=__version__)]
    lines += [line for option in lint.options for line in _option(option)]
    lines.append(".SH COMMANDS")
    lines += [line for command in others for line in _command(command, lint)]
    for paragraph in AFTER_LINT.strip().split("\n\n"):
        title, _, rest = paragraph.partition(":\n")
        if title == "to accept a finding":
            lines += [".SH ACCEPTING A FINDING", *_verbatim(rest)]
        elif title == "examples":
            lines += [".SH EXAMPLES", *_verbatim(rest)]
    return "\n".join([*lines, TAIL]) + "\n"


def _command(command: Command, lint: Command) -> Iterator[str]:
    operand = f" {_operand(command.operand)}{'...' if command.many else ''}" if command.operand else ""
    yield f".SS zimlint {command.name}{operand}"
    yield from _filled(command.about)
    names = {option.names for option in lint.options}
    shared = [option.names[-1] for option in command.options if option.names in names and _same(option, lint)]
    for option in command.options:
        if option.names[-1] not in shared:
            yield from _option(option)
    shared.remove("--help")
    if shared:
        yield ".PP"
        yield from _filled(f"As above: {', '.join(shared)}.")
    if command.epilog:
        yield from (".PP", *_verbatim(command.epilog))


def _same(option: Option, lint: Command) -> bool:
    return any(option == other for other in lint.options)


def _option(option: Option) -> Iterator[str]:
    yield ".TP"
    operand = "" if option.operand is None else f"\\~\\fI{_operand(option.operand)}\\fR"
    yield ", ".join(f"\\fB{_escaped(name)}\\fR" for name in option.names) + operand
    yield from _filled(option.help)


def _operand(operand: Operand) -> str:
    return "|".join(operand.words) if 0 < len(operand.words) <= 3 else operand.name


def _filled(text: str) -> list[str]:
    """A paragraph in lines as long as mandoc wants them."""
    return [_escaped(line) for line in textwrap.wrap(text, 70, break_on_hyphens=False)]


def _verbatim(text: str) -> Iterator[str]:
    yield ".nf"
    yield from (_escaped(line) for line in text.rstrip("\n").split("\n"))
    yield ".fi"


def _escaped(text: str) -> str:
    """Text in which nothing is a request, an escape or a hyphen that is copied as another character."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("~", "\\(ti")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


if __name__ == "__main__":
    TARGET.write_text(make_man(), encoding="utf-8")

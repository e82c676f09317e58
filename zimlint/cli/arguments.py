"""The command line, turned into values.

Invariant: only words are judged here; whether a file is there or a check is known is asked later.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import NoReturn

from zimlint import __version__
from zimlint.cli.options import (
    BaselineOptions,
    ExposureOptions,
    InitOptions,
    InputOptions,
    LintOptions,
    Options,
    TableOptions,
    TraceOptions,
)
from zimlint.cli.output import say
from zimlint.cli.wanted import add_reports, wanted_reports
from zimlint.formats import FORMATS
from zimlint.source import ConfigError


def parse(words: Sequence[str]) -> Options:
    """The options; a wrong one is a ConfigError; --help and --version end with SystemExit."""
    match words:
        case ["checks" | "ports" as command, *rest]:
            parser = _parser(command, _ABOUT[command])
            _add_rules(parser)
            return TableOptions(command, rules=tuple(parser.parse_args(rest).rules))
        case ["schema", *rest]:
            _parser("schema", _ABOUT["schema"]).parse_args(rest)
            return TableOptions("schema")
        case ["init", *rest]:
            parser = _parser("init", _ABOUT["init"])
            parser.add_argument("path", metavar="PATH", help="a folder, or a file in it")
            path = str(parser.parse_args(rest).path)
            return InitOptions(path, InputOptions((path,)))
        case ["explain", *rest]:
            parser = _parser("explain", _ABOUT["explain"])
            parser.add_argument("id", metavar="ID", help="a check, e.g. memcached-exposed")
            _add_rules(parser)
            found = parser.parse_args(rest)
            return TableOptions("explain", str(found.id), tuple(found.rules))
        case ["trace", *rest]:
            return _trace(rest)
        case ["baseline", *rest]:
            return _baseline(rest)
        case ["exposure", *rest]:
            return _exposure(rest)
        case _:
            return _lint(words)


_ABOUT = {
    "baseline": "Write down what is found now, so that --baseline FILE reports only what is new.",
    "checks": "List the checks with their severities.",
    "ports": "List the ports that Zimbra uses and who may reach them.",
    "explain": "Say what a check looks for, why, and what to do about it.",
    "exposure": "Draw who reaches which service of a host: open, limited, depends or closed, and by which line.",
    "init": "Write a first .zimlint.yaml beside what lies at PATH; never overwrites one.",
    "schema": "Print the JSON Schema of .zimlint.yaml, for editors.",
    "trace": "Say what becomes of one packet, line by line.",
}

_EXAMPLES = """\
examples:
  zimlint /etc/ufw                       the firewall of this host, as ufw would load it
  zimlint hosts/                         every host below a folder
  zimlint rules.v4 rules.v6              two dumps of one host
  ssh mail1 ufw status verbose | zimlint -
  zimlint --fail-on error --format json hosts/mail1
  zimlint trace /etc/ufw --packet 'tcp 203.0.113.9 -> :7071 in eth0'
  zimlint hosts/ --format sarif --output zimlint.sarif --format text
  zimlint baseline hosts/ > .zimlint-baseline.json && zimlint hosts/ --baseline .zimlint-baseline.json

other commands:
  zimlint init PATH       write a first site file    zimlint schema       its JSON Schema, for editors
  zimlint checks          list the checks            zimlint explain ID   say more of one
  zimlint ports           list the Zimbra ports      zimlint trace PATH   follow one packet
  zimlint baseline PATH   write down what is known
  zimlint exposure PATH   draw who reaches what

A file that is called like a command is reached as ./checks. The site file .zimlint.yaml is
the nearest one from each file upward.

exit status: 0 nothing at or above the threshold, 1 findings, 2 something could not be read
or the configuration is wrong, 70 a bug in zimlint
"""

_BASELINE_EXAMPLES = """\
Paths in the baseline are told from the folder that it lies in: redirect standard output into a
file of the current folder, or name the file with --output. A known finding that no longer occurs
is told with every run; --prune FILE takes such out of FILE, and never adds a new one.
"""

_TRACE_EXAMPLES = """\
packets:
  'tcp 203.0.113.9 -> :7071 in eth0'                 any address of the host, state new
  'udp 203.0.113.9:53 -> 192.0.2.10:11211 in eth0 established'
  'tcp [2001:db8::9]:40000 -> [2001:db8::1]:25'
  'icmp 203.0.113.9 -> host type 8'

Left out: to an address of the host, from port 40000, in eth0, new. A line of --packets is a JSON object with
family, proto, src, dst, sport, dport, in, state, icmp_type and id; every line gets one JSON line as its answer.
"""


def _lint(words: Sequence[str]) -> LintOptions:
    parser = _parser("", "Lint the firewall of a Zimbra mail server: which packets get in, and should they?", _EXAMPLES)
    parser.usage = "zimlint [OPTIONS] PATH..."
    _add_inputs(parser)
    add_reports(parser)
    parser.add_argument("--baseline", metavar="FILE", help="report only what this file of 'zimlint baseline' lacks")
    parser.add_argument("--statistics", action="store_true", help="counts of each check instead of the findings")
    parser.add_argument("--show-files", action="store_true", help="which files would be read, and as what; no linting")
    _add_choice(parser)
    parser.add_argument(
        "--fail-on", choices=("error", "warning", "info"), help="exit 1 from this severity on (default: warning)"
    )
    _add_rules(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="findings only: no notes, no summary")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: auto")
    parser.add_argument("--version", action="version", version=f"zimlint {__version__}")
    found = parser.parse_args(words)
    if not found.paths:
        parser.error("no PATH given, 'zimlint /etc/ufw' lints this host")
    return LintOptions(
        _inputs(found),
        wanted_reports(found.reports, found.statistics),
        found.config,
        found.fail_on,
        _listed(found.select),
        _listed(found.ignore),
        found.quiet,
        found.color,
        found.baseline,
        found.statistics,
        found.show_files,
        tuple(found.rules),
    )


def _baseline(words: Sequence[str]) -> BaselineOptions:
    parser = _parser("baseline", _ABOUT["baseline"], _BASELINE_EXAMPLES)
    _add_inputs(parser)
    _add_choice(parser)
    _add_rules(parser)
    parser.add_argument("--output", metavar="FILE", help="the baseline, instead of standard output")
    parser.add_argument("--prune", metavar="FILE", help="take out of this baseline what no longer occurs")
    found = parser.parse_args(words)
    if not found.paths:
        parser.error("no PATH given")
    if found.prune is not None and found.output is not None:
        parser.error("--prune FILE writes that file, so there is no --output")
    lint = LintOptions(
        _inputs(found),
        config=found.config,
        select=_listed(found.select),
        ignore=_listed(found.ignore),
        rules=tuple(found.rules),
    )
    return BaselineOptions(lint, found.output, found.prune)


def _trace(words: Sequence[str]) -> TraceOptions:
    parser = _parser("trace", _ABOUT["trace"], _TRACE_EXAMPLES)
    _add_inputs(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--packet", metavar="PACKET", help="one packet in words")
    which.add_argument("--packets", metavar="FILE", help="packets as JSON lines, - for standard input")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    found = parser.parse_args(words)
    if not found.paths:
        parser.error("no PATH given")
    return TraceOptions(_inputs(found), found.packet, found.packets, found.format)


def _exposure(words: Sequence[str]) -> ExposureOptions:
    parser = _parser("exposure", _ABOUT["exposure"])
    _add_inputs(parser)
    _add_choice(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--all-ports", action="store_true", help="every open port, whether Zimbra uses it or not")
    parser.add_argument("--closed", action="store_true", help="services that are closed to everybody, too")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: auto")
    found = parser.parse_args(words)
    if not found.paths:
        parser.error("no PATH given, 'zimlint exposure /etc/ufw' draws this host")
    return ExposureOptions(_inputs(found), found.format, found.config, found.all_ports, found.closed, found.color)


class _Parser(argparse.ArgumentParser):
    """Argparse that prints as the rest of zimlint does: errors as one escaped line, help past a closed pipe."""

    def error(self, message: str) -> NoReturn:
        """A wrong option."""
        near = ""
        if message.startswith("unrecognized arguments: -"):
            from zimlint.cli.ids import hint

            near = hint(message.split()[2].partition("=")[0], self._option_string_actions)
        raise ConfigError(f"{message}{near} ({self.prog} --help says more)")

    def _print_message(self, message: str, file: object = None) -> None:
        say(message)


def _parser(command: str, about: str, epilog: str | None = None) -> _Parser:
    return _Parser(
        prog=f"zimlint {command}".rstrip(),
        description=about,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a file, a folder, or - for standard input")
    parser.add_argument("--type", choices=tuple(FORMATS), help="what the files are, whatever they look like")
    parser.add_argument("--default-ufw", metavar="FILE", help="the /etc/default/ufw of the host")


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", help="the site file, instead of the nearest .zimlint.yaml")
    parser.add_argument("--select", action="append", metavar="ID", help="only these checks (repeat, or ID,ID)")
    parser.add_argument("--ignore", action="append", metavar="ID", help="all checks but these")


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rules",
        action="append",
        default=[],
        metavar="DIR",
        help="checks and ports of your own, like zimlint's rules/",
    )


def _inputs(found: argparse.Namespace) -> InputOptions:
    return InputOptions(tuple(found.paths), found.type, found.default_ufw)


def _listed(given: Iterable[str] | None) -> tuple[str, ...]:
    """Repeated options and comma lists as one list."""
    return tuple(word.strip() for words in given or () for word in words.split(",") if word.strip())

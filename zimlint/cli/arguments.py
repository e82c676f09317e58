"""The command line, turned into values.

Invariant: only words are judged here; whether a file is there or a check is known is asked later.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn

from zimlint import __version__
from zimlint.cli.help_texts import ABOUT, ABOUT_LINT, AFTER_BASELINE, AFTER_COMPLETION, AFTER_LINT, AFTER_TRACE
from zimlint.cli.options import (
    COMMANDS,
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
    command, rest = (words[0], words[1:]) if words and words[0] in COMMANDS else ("", words)
    parser = _PARSERS[command]()
    found = parser.parse_args(rest)
    if found.__dict__.get("paths") == []:
        parser.error("no PATH given, 'zimlint /etc/ufw' lints this host")
    match command:
        case "checks" | "ports":
            return TableOptions(command, rules=tuple(found.rules), config=found.config)
        case "schema":
            return TableOptions(command)
        case "completion":
            return TableOptions(command, found.shell)
        case "init":
            return InitOptions(found.path, InputOptions((found.path,)))
        case "explain":
            return TableOptions(command, found.id, tuple(found.rules), found.config)
        case "trace":
            return TraceOptions(_inputs(found), found.packet, found.packets, found.format)
        case "baseline":
            return _baseline_options(parser, found)
        case "exposure":
            return _exposure_options(found)
        case _:
            return _lint_options(found)


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command; that of linting is called ``""``."""
    return {command: make() for command, make in _PARSERS.items()}


def _lint_parser() -> argparse.ArgumentParser:
    parser = _parser("", AFTER_LINT)
    parser.usage = "zimlint [OPTIONS] PATH...\n       zimlint COMMAND ..."
    _add_inputs(parser)
    parser.add_argument("--show-files", action="store_true", help="which files would be read, and as what; no linting")
    parser.add_argument("--version", action="version", version=f"zimlint {__version__}", help="say the version")
    group = _add_choice(parser)
    group.add_argument("--baseline", metavar="FILE", help="report only what this file of 'zimlint baseline' lacks")
    about = "exit 1 from this severity on (default: warning)"
    group.add_argument("--fail-on", choices=("error", "warning", "info"), metavar="SEVERITY", help=about)
    add_reports(parser)
    _add_fleet(parser)
    return parser


def _baseline_parser() -> argparse.ArgumentParser:
    parser = _parser("baseline", AFTER_BASELINE)
    _add_inputs(parser)
    _add_choice(parser)
    parser.add_argument("--output", metavar="FILE", help="the baseline, instead of standard output")
    parser.add_argument("--prune", metavar="FILE", help="take out of this baseline what no longer occurs")
    _add_fleet(parser)
    return parser


def _trace_parser() -> argparse.ArgumentParser:
    parser = _parser("trace", AFTER_TRACE)
    _add_inputs(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--packet", metavar="PACKET", help="one packet in words")
    which.add_argument("--packets", metavar="FILE", help="packets as JSON lines, - for standard input")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    return parser


def _exposure_parser() -> argparse.ArgumentParser:
    parser = _parser("exposure")
    _add_inputs(parser)
    _add_config(parser)
    _add_rules(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--all-ports", action="store_true", help="every open port, whether Zimbra uses it or not")
    parser.add_argument("--closed", action="store_true", help="services that are closed to everybody, too")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: auto")
    return parser


def _table_parser(command: str) -> argparse.ArgumentParser:
    parser = _parser(command)
    _add_config(parser)
    _add_rules(parser)
    return parser


def _explain_parser() -> argparse.ArgumentParser:
    parser = _parser("explain")
    parser.add_argument("id", metavar="ID", help="a check, e.g. memcached-exposed")
    _add_config(parser)
    _add_rules(parser)
    return parser


def _init_parser() -> argparse.ArgumentParser:
    parser = _parser("init")
    parser.add_argument("path", metavar="PATH", help="a folder, or a file in it")
    return parser


def _completion_parser() -> argparse.ArgumentParser:
    parser = _parser("completion", AFTER_COMPLETION)
    parser.add_argument("shell", metavar="SHELL", choices=("bash", "zsh", "fish"), help="bash, zsh or fish")
    return parser


def _lint_options(found: argparse.Namespace) -> LintOptions:
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
        found.jobs,
        found.executor,
        found.show_accepted,
    )


def _exposure_options(found: argparse.Namespace) -> ExposureOptions:
    return ExposureOptions(
        _inputs(found),
        found.format,
        found.config,
        found.all_ports,
        found.closed,
        found.color,
        tuple(found.rules),
    )


def _baseline_options(parser: argparse.ArgumentParser, found: argparse.Namespace) -> BaselineOptions:
    if found.prune is not None and found.output is not None:
        parser.error("--prune FILE writes that file, so there is no --output")
    lint = LintOptions(
        _inputs(found),
        config=found.config,
        select=_listed(found.select),
        ignore=_listed(found.ignore),
        rules=tuple(found.rules),
        jobs=found.jobs,
        executor=found.executor,
    )
    return BaselineOptions(lint, found.output, found.prune)


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


class _Help(argparse.RawDescriptionHelpFormatter):
    """Breaks no line inside ``iptables-save``; on a narrow terminal, text that is set by hand hangs in its column."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        from zimlint.cli.help_texts import folded

        return folded(text, width + 2)  # argparse leaves two columns free

    def _split_lines(self, text: str, width: int) -> list[str]:
        import textwrap

        return textwrap.wrap(text, width, break_on_hyphens=False)


def _parser(command: str, epilog: str | None = None) -> _Parser:
    return _Parser(
        prog=f"zimlint {command}".rstrip(),
        description=ABOUT[command] if command else ABOUT_LINT,
        epilog=epilog,
        formatter_class=_Help,
        allow_abbrev=False,
    )


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is read")
    group.add_argument("paths", nargs="*", metavar="PATH", help="a file, a folder, or - for standard input")
    kinds = ", ".join(FORMATS)
    about = f"what the files are, whatever they look like: {kinds}"
    group.add_argument("--type", choices=tuple(FORMATS), metavar="TYPE", help=about)
    group.add_argument("--default-ufw", metavar="FILE", help="the /etc/default/ufw of the host")


def _add_choice(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    group = parser.add_argument_group("what is checked")
    _add_config(group)
    group.add_argument("--select", action="append", metavar="ID", help="only these checks (repeat, or ID,ID)")
    group.add_argument("--ignore", action="append", metavar="ID", help="all checks but these (repeat, or ID,ID)")
    _add_rules(group)
    return group


def _add_config(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--config", metavar="FILE", help="the site file, instead of the nearest .zimlint.yaml")


def _add_rules(parser: argparse._ActionsContainer) -> None:
    about = "checks and ports of your own, like zimlint's rules/"
    parser.add_argument("--rules", action="append", default=[], metavar="DIR", help=about)


def _add_fleet(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("many hosts").add_mutually_exclusive_group()
    about = "lint hosts one by one in N processes, 0 for one a core"
    group.add_argument("--jobs", type=_count, metavar="N", help=about)
    about = "the same on a cluster: dask://HOST:PORT (pip install 'zimlint[dask]')"
    group.add_argument("--executor", metavar="URL", help=about)


def _count(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 5):
        raise argparse.ArgumentTypeError(f"a number of processes, not '{word}'")
    return int(word)


def _inputs(found: argparse.Namespace) -> InputOptions:
    return InputOptions(tuple(found.paths), found.type, found.default_ufw)


def _listed(given: Iterable[str] | None) -> tuple[str, ...]:
    """Repeated options and comma lists as one list."""
    return tuple(word.strip() for words in given or () for word in words.split(",") if word.strip())


_PARSERS: dict[str, Callable[[], argparse.ArgumentParser]] = {
    "": _lint_parser,
    "baseline": _baseline_parser,
    "checks": lambda: _table_parser("checks"),
    "completion": _completion_parser,
    "explain": _explain_parser,
    "exposure": _exposure_parser,
    "init": _init_parser,
    "ports": lambda: _table_parser("ports"),
    "schema": lambda: _parser("schema"),
    "trace": _trace_parser,
}

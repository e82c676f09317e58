"""The command line as values: what completion scripts and the man page are made of.

Invariant: everything comes from the parsers; an option that exists is in here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import NamedTuple

from zimlint.checks import load_checks
from zimlint.cli.arguments import parsers
from zimlint.cli.help_texts import ABOUT


class Operand(NamedTuple):
    """A value that is given: of an option, or a word of its own."""

    name: str
    """FILE, DIR, PATH, ID ...: what it stands for."""
    words: tuple[str, ...] = ()
    """What it may be, where that is a short list."""

    @property
    def is_file(self) -> bool:
        """Whether a file name is expected, or a folder."""
        return self.name in ("FILE", "PATH", "DIR")


class Option(NamedTuple):
    """An option with all its names, the short one first."""

    names: tuple[str, ...]
    help: str
    operand: Operand | None
    again: bool
    """Whether it may be given more than once."""


class Command(NamedTuple):
    """A command; linting, which is none, is called ``""``."""

    name: str
    about: str
    options: tuple[Option, ...]
    operand: Operand | None
    many: bool
    """Whether more than one operand may follow."""
    epilog: str


def commands() -> tuple[Command, ...]:
    """Linting, then all commands in the order of the alphabet."""
    checks = tuple(load_checks())
    return tuple(_command(name, parser, checks) for name, parser in parsers().items())


def _command(name: str, parser: argparse.ArgumentParser, checks: tuple[str, ...]) -> Command:
    operands = [action for action in parser._actions if not action.option_strings]
    return Command(
        name,
        ABOUT.get(name, ""),
        tuple(_options(parser, checks)),
        _operand(operands[0], checks) if operands else None,
        bool(operands) and operands[0].nargs == "*",
        parser.epilog or "",
    )


def _options(parser: argparse.ArgumentParser, checks: tuple[str, ...]) -> Iterator[Option]:
    for action in parser._actions:
        if action.option_strings and action.help != argparse.SUPPRESS:
            takes = action.nargs != 0
            again = takes and not isinstance(action, argparse._StoreAction)
            operand = _operand(action, checks) if takes else None
            yield Option(tuple(action.option_strings), action.help or "", operand, again)


def _operand(action: argparse.Action, checks: tuple[str, ...]) -> Operand:
    name = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    words = tuple(map(str, action.choices)) if action.choices else checks if name == "ID" else ()
    return Operand(name, words)

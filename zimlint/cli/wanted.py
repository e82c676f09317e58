"""``--format``, ``--output`` and what else is said of reports: which are wanted, and where each goes.

Invariant: an ``--output`` belongs to the ``--format`` before it, and at most one report goes to standard output.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from zimlint.cli.options import Wanted
from zimlint.reporters import REPORTERS
from zimlint.source import ConfigError


def add_reports(parser: argparse.ArgumentParser) -> None:
    """The options; the first two as often as one likes."""
    group = parser.add_argument_group("what is reported")
    formats = ", ".join(REPORTERS)
    about = f"{formats} (default: text); may be repeated"
    group.add_argument(
        "--format", dest="reports", action=_InOrder, choices=tuple(REPORTERS), metavar="FORMAT", help=about
    )
    group.add_argument(
        "--output", dest="reports", action=_InOrder, metavar="FILE", help="where the --format before it goes"
    )
    group.add_argument("--statistics", action="store_true", help="counts of each check instead of the findings")
    about = "in sarif also what is suppressed or in the baseline, marked so"
    group.add_argument("--show-accepted", action="store_true", help=about)
    group.add_argument("-q", "--quiet", action="store_true", help="findings only: no notes, no summary")
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: auto")


def wanted_reports(given: Sequence[tuple[str, str]] | None, statistics: bool) -> tuple[Wanted, ...]:
    """The reports that were asked for."""
    found = [one._replace(file=None) if one.file == "-" else one for one in _paired(given or ())] or [Wanted()]
    files = [one.file for one in found if one.file is not None]
    twice = next((file for file in files if files.count(file) > 1), None)
    if twice is not None:
        raise ConfigError(f"two reports to the same file: {twice}")
    shown = [one.format for one in found if one.file is None]
    if len(shown) > 1:
        raise ConfigError(f"{shown[0]} and {shown[1]} both go to standard output: one of them needs an --output FILE")
    other = next((one.format for one in found if one.format not in ("text", "concise")), None)
    if statistics and other is not None:
        raise ConfigError(f"--statistics goes with the formats text and concise, not with {other}")
    return tuple(found)


class _InOrder(argparse.Action):
    """Keeps both options in the order in which they were given."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Remember one of them."""
        given = getattr(namespace, self.dest) or ()
        setattr(namespace, self.dest, (*given, (option_string, str(values))))


def _paired(given: Sequence[tuple[str, str]]) -> list[Wanted]:
    found: list[Wanted] = []
    alone = [option for option, _ in given].count("--format") <= 1  # then there is no doubt what an --output is for
    for option, value in given:
        if option == "--format":
            early = alone and found
            found = [found[0]._replace(format=value)] if early else [*found, Wanted(value)]
        elif found and found[-1].file is None:
            found[-1] = found[-1]._replace(file=value)
        elif alone and not found:
            found.append(Wanted(file=value))
        else:
            raise ConfigError(f"--output {value} belongs after the --format that it is for")
    return found

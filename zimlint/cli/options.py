"""What a user asked for, as values.

Invariant: nothing heavy is loaded here; paths alone, which is how a hook calls us, need no argparse.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

COMMANDS = ("baseline", "checks", "completion", "explain", "exposure", "init", "ports", "schema", "trace")


class InputOptions(NamedTuple):
    """What is read, and how."""

    paths: tuple[str, ...]
    kind: str | None = None
    default_ufw: str | None = None


class Wanted(NamedTuple):
    """A report in one format; ``file`` None is standard output."""

    format: str = "text"
    file: str | None = None


class LintOptions(NamedTuple):
    """``zimlint PATH...``; at most one of the reports goes to standard output."""

    inputs: InputOptions
    reports: tuple[Wanted, ...] = (Wanted(),)
    config: str | None = None
    fail_on: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    quiet: bool = False
    color: str = "auto"
    baseline: str | None = None
    statistics: bool = False
    show_files: bool = False
    rules: tuple[str, ...] = ()
    """Folders with checks and ports of the user's own."""
    jobs: int | None = None
    """How many processes; 0 for one a core. With it or ``executor`` hosts are linted one by one."""
    executor: str | None = None
    """``dask://HOST:PORT``."""
    show_accepted: bool = False
    """What is suppressed or in the baseline stands in SARIF, too."""

    @property
    def many(self) -> bool:
        """Whether hosts are linted one by one."""
        return self.jobs is not None or self.executor is not None

    @property
    def mapped(self) -> bool:
        """Whether a report says who reaches what."""
        return not self.statistics and any(wanted.format == "html" for wanted in self.reports)


class BaselineOptions(NamedTuple):
    """``zimlint baseline PATH...``; ``prune`` is the file that only loses what is gone."""

    lint: LintOptions
    output: str | None = None
    prune: str | None = None


class TraceOptions(NamedTuple):
    """``zimlint trace PATH``; exactly one of ``packet`` and ``packets`` is given."""

    inputs: InputOptions
    packet: str | None
    packets: str | None
    format: str


class ExposureOptions(NamedTuple):
    """``zimlint exposure PATH...``."""

    inputs: InputOptions
    format: str = "text"
    config: str | None = None
    all_ports: bool = False
    closed: bool = False
    """Rows that are closed everywhere, too."""
    color: str = "auto"
    rules: tuple[str, ...] = ()


class InitOptions(NamedTuple):
    """``zimlint init PATH``."""

    path: str
    inputs: InputOptions


class TableOptions(NamedTuple):
    """``zimlint checks``, ``ports``, ``schema``, ``explain ID``, ``completion SHELL``."""

    command: str
    id: str = ""
    rules: tuple[str, ...] = ()
    config: str | None = None


Options = LintOptions | BaselineOptions | TraceOptions | ExposureOptions | InitOptions | TableOptions


def paths_alone(words: Sequence[str]) -> LintOptions | None:
    """The options of a command line that has none; None where there is more to understand."""
    if not words or words[0] in COMMANDS or any(word.startswith("-") and word != "-" for word in words):
        return None
    return LintOptions(InputOptions(tuple(words)))

"""One host as a task: all that a process needs to lint it, and what comes back.

Invariant: what comes back holds the texts that findings point into, and no other.
"""

from __future__ import annotations

import io
import os
import pickle
from functools import cache
from typing import NamedTuple

from zimlint.checks import load_checks
from zimlint.cli.options import LintOptions
from zimlint.cli.sites import KnownSite, Rules
from zimlint.engine import Job, lint
from zimlint.finding import Report
from zimlint.hosts import host_of
from zimlint.hosts.grouping import Group
from zimlint.source import Source
from zimlint.zimbra.catalogue import load_catalogue
from zimlint.zimbra.site import Site


class Task(NamedTuple):
    """A host to be linted."""

    group: Group
    default_ufw: dict[str, Source]
    complete: frozenset[str]
    known: bytes
    """The site and its rules, as ``packed`` makes them."""
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    today: str
    folder: str
    """The current folder, which relative names start from."""


class Done(NamedTuple):
    """A host that was linted."""

    report: Report
    files: tuple[str, ...]
    """The names of all that it consists of."""


class Failure(NamedTuple):
    """A host that zimlint could not lint, through a fault of its own."""

    host: str
    error: str


def packed(known: KnownSite, usual: Rules, options: LintOptions) -> bytes:
    """A site as a task carries it; rules that every zimlint has stay at home."""
    return pickle.dumps((known.site, None if known.rules is usual else known.rules))


def lint_unit(task: Task) -> bytes | Failure:
    """The report on one host, for ``unpacked``; whatever goes wrong goes wrong for this host only."""
    if os.getcwd() != task.folder and os.path.isdir(task.folder):
        os.chdir(task.folder)  # a worker of a cluster, with the same files
    try:
        known = _known(task.known)
        host = host_of(task.group, task.default_ufw, task.complete)
        report = lint(
            [Job(host, known.site)],
            known.rules.catalogue,
            known.rules.checks,
            select=task.select,
            ignore=task.ignore,
            today=task.today,
        )
        packet = io.BytesIO()
        _Pack(packet, known.site).dump(Done(report, tuple(source.name for source in host.sources)))
        return packet.getvalue()
    except Exception as error:  # the last resort for this host, as in the command itself
        if os.environ.get("ZIMLINT_DEBUG"):
            raise
        return Failure(task.group.name, f"{type(error).__name__}: {error}")


def unpacked(result: bytes, site: Site) -> Done:
    """The result, whose places in the site file are places in this site's."""
    done = _Unpack(io.BytesIO(result), site).load()
    if not isinstance(done, Done):
        raise TypeError(type(done))
    return done


@cache
def _usual() -> Rules:
    return Rules(load_checks(), load_catalogue())


@cache
def _known(packed_site: bytes) -> KnownSite:
    site, rules = pickle.loads(packed_site)
    return KnownSite(site, rules or _usual())


class _Pack(pickle.Pickler):
    """Leaves the site file out: who unpacks has it, and a ``Source`` is only equal to itself."""

    def __init__(self, file: io.BytesIO, site: Site) -> None:
        super().__init__(file)
        self._site = site

    def persistent_id(self, value: object) -> str | None:
        """What stands for a value."""
        return "site file" if isinstance(value, Source) and value is self._site.source else None


class _Unpack(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, site: Site) -> None:
        super().__init__(file)
        self._site = site

    def persistent_load(self, _name: object) -> Source | None:
        """The value that it stands for."""
        return self._site.source

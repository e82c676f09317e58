"""One host as a task: all that a process needs to lint it, and what comes back.

What can be done where the host is linted is done there: its files are read, its map is drawn up, and findings that
are printed as they come are put into words.
Invariant: what comes back holds the texts that findings and maps point into, and no other; none where it is in words.
"""

from __future__ import annotations

import io
import os
import pickle
from functools import cache
from typing import NamedTuple

from zimlint.checks import load_checks
from zimlint.cli.fleet.plan import filled
from zimlint.cli.fleet.stream import Spoken, in_words, slim
from zimlint.cli.maps import map_of
from zimlint.cli.sites import KnownSite, Rules
from zimlint.engine import Job, lint
from zimlint.finding import Report, Unread
from zimlint.hosts import host_of
from zimlint.hosts.grouping import Group
from zimlint.source import Source
from zimlint.zimbra.catalogue import load_catalogue
from zimlint.zimbra.site import Site


class Task(NamedTuple):
    """A host to be linted."""

    group: Group
    """Its sources have no text yet where the process that lints it can read them."""
    default_ufw: dict[str, Source]
    complete: frozenset[str]
    known: bytes
    """The site and its rules, as ``packed`` makes them."""
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    today: str
    folder: str
    """The current folder, which relative names start from."""
    spoken: Spoken | None = None
    """How findings are printed as they come; None where the report is wanted as a whole."""
    mapped: bool = False
    """Whether to say who reaches what."""
    unread: tuple[Unread, ...] = ()
    """Files that have gone since the plan was made."""


class Done(NamedTuple):
    """A host that was linted."""

    report: Report
    files: tuple[str, ...]
    """The names of all that it consists of."""
    unread: tuple[Unread, ...]
    text: str
    """The findings in words, where they are printed as they come."""


class Failure(NamedTuple):
    """A host that zimlint could not lint, through a fault of its own."""

    host: str
    error: str


def packed(known: KnownSite) -> bytes:
    """A site as a task carries it; rules that every zimlint has stay at home."""
    return pickle.dumps((known.site, known.rules if known.rules.folders else None))


def ready(task: Task) -> Task:
    """The task with the texts of its files."""
    group, default_ufw, unread = filled(task.group, task.default_ufw)
    return task._replace(group=group, default_ufw=default_ufw, unread=(*task.unread, *unread))


def lint_unit(task: Task) -> bytes | Failure:
    """The report on one host, for ``unpacked``; whatever goes wrong goes wrong for this host only."""
    if os.getcwd() != task.folder and os.path.isdir(task.folder):
        os.chdir(task.folder)  # a worker of a cluster, with the same files
    try:
        known = _known(task.known)
        task = ready(task)
        host = host_of(task.group, task.default_ufw, task.complete)
        report = lint(
            [Job(host, known.site)],
            known.rules.catalogue,
            known.rules.checks,
            select=task.select,
            ignore=task.ignore,
            today=task.today,
        )
        text = ""
        if task.spoken is not None:
            text = in_words(report._replace(base=task.folder), task.spoken)
            report = slim(report)
        if task.mapped and host.rulesets:
            report = report._replace(maps=(map_of(host, known),))
        packet = io.BytesIO()
        done = Done(report, tuple(source.name for source in host.sources), task.unread, text)
        _Pack(packet, known.site).dump(done)
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

"""From the paths of a command line to hosts.

Invariant: a file is read once, however often it is named; names stay as the user gave them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from zimlint.cli.options import InputOptions
from zimlint.cli.output import complain
from zimlint.cli.reading import read_file, read_stdin
from zimlint.cli.walk import default_ufw_of, read_directory, sets_beside
from zimlint.finding import Unread
from zimlint.host import Host
from zimlint.hosts import gather
from zimlint.source import ConfigError, Source

SITE_FILE = ".zimlint.yaml"


class Batch(NamedTuple):
    """The hosts of one site."""

    site: str | None
    """Its site file, as it is to be named; None where there is none."""
    hosts: tuple[Host, ...]


class Found(NamedTuple):
    """The inputs of one site, before they are told apart as hosts."""

    site: str | None
    sources: list[Source]
    default_ufw: dict[str, Source]
    """The /etc/default/ufw of each folder."""
    complete: Collection[str]
    """The folders that were read as a whole."""


def read_inputs(options: InputOptions, config: str | None = None) -> tuple[list[Batch], list[Unread]]:
    """Read all paths; ``config`` is the site file of all of them. What cannot be read is said at once."""
    batches = []
    found, unread = find_inputs(options, config)
    for site, sources, default_ufw, complete in found:
        hosts, unknown = gather(sources, options.kind, base=os.getcwd(), default_ufw=default_ufw, complete=complete)
        unread += unknown
        batches.append(Batch(site, hosts))
    return batches, say_unread(unread)


def say_unread(unread: Iterable[Unread]) -> list[Unread]:
    """Say once what cannot be read."""
    once = list(dict.fromkeys(unread))
    for one in once:
        complain(f"{one.file}: {one.reason}")
    return once


def find_inputs(
    options: InputOptions, config: str | None = None, keep: Callable[[Source], Source] = lambda source: source
) -> tuple[list[Found], list[Unread]]:
    """Read all paths, and sort them by site; ``keep`` says what is kept of each text."""
    unread: list[Unread] = []
    by_site: dict[str | None, list[Source]] = {}
    walked: set[Source] = set()
    seen: set[str] = set()
    sites: dict[str, str | None] = {}
    for path in options.paths:
        found, missing = _read(path, keep)
        if path != "-" and os.path.isdir(path):
            walked.update(found)
        unread += missing
        for source in found:
            folder = os.getcwd() if path == "-" else os.path.dirname(os.path.abspath(source.name))
            if folder not in sites:
                sites[folder] = config or site_file(folder)
            site = sites[folder]
            place = source.name if source.name == "-" else os.path.abspath(source.name)
            if place not in seen:
                seen.add(place)
                by_site.setdefault(site, []).append(source)
    found_by_site: list[Found] = []
    folders = {os.path.dirname(source.name) for source in walked}
    for site, sources in by_site.items():
        default_ufw = _default_ufw(options.default_ufw, sources, walked, unread)
        given = {os.path.abspath(source.name) for source in default_ufw.values()}
        sources = [source for source in sources if source.name == "-" or os.path.abspath(source.name) not in given]
        found_by_site.append(Found(site, sources, default_ufw, folders))
    return found_by_site, unread


def must_read(path: str) -> Source:
    """A file that a run cannot do without."""
    source = read_stdin() if path == "-" else read_file(path)
    if isinstance(source, Unread):
        raise ConfigError(f"{source.file}: {source.reason}")
    return source


def _read(path: str, keep: Callable[[Source], Source]) -> tuple[list[Source], list[Unread]]:
    if path != "-" and os.path.isdir(path):
        return read_directory(path, keep)
    found = read_stdin() if path == "-" else read_file(path)
    if isinstance(found, Unread):
        return [], [found]
    return [keep(one) for one in (found, *(sets_beside(found) if path != "-" else ()))], []


def site_file(folder: str) -> str | None:
    """The nearest site file from a folder upward, named relative to here where it lies below."""
    while True:
        place = os.path.join(folder, SITE_FILE)
        if os.path.isfile(place):
            below = os.path.relpath(place)
            return place if below.startswith(os.pardir) else below
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _default_ufw(
    given: str | None, sources: Sequence[Source], walked: Collection[Source], unread: list[Unread]
) -> dict[str, Source]:
    """The /etc/default/ufw of each folder: the one that was given, else the one beside a tree that was walked."""
    if given is not None:
        settings = must_read(given)
        return {os.path.dirname(source.name): settings for source in sources}
    found: dict[str, Source] = {}
    for folder, result in default_ufw_of([source for source in sources if source in walked]).items():
        if isinstance(result, Unread):
            unread.append(result)
        else:
            found[folder] = result
    return found

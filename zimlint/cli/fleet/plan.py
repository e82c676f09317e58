"""Which hosts there are, before any is linted: as in every other run, but without holding their texts.

Invariant: hosts, their names and their order are those of a run without ``--jobs``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from zimlint.cli.inputs import Found, find_inputs, say_unread
from zimlint.cli.options import LintOptions
from zimlint.cli.reading import read_file
from zimlint.finding import Unread
from zimlint.host import Host
from zimlint.hosts import part_of, why_unknown
from zimlint.hosts.grouping import Group, Part, group
from zimlint.source import Source


class Planned(NamedTuple):
    """The hosts of one site; their sources have no text yet."""

    found: Found
    groups: tuple[Group, ...]
    hosts: tuple[Host, ...]
    """Names and sources of the same hosts."""


class Filled(NamedTuple):
    """A host's files, read."""

    group: Group
    default_ufw: dict[str, Source]
    unread: tuple[Unread, ...]
    """Files that have gone since."""


def plan(options: LintOptions) -> tuple[list[Planned], list[Unread]]:
    """Look at all files once; what cannot be read is said at once."""
    kinds: dict[Source, Part | str] = {}

    def keep(source: Source) -> Source:
        part = part_of(source, options.inputs.kind)
        kept = _without_text(source)
        kinds[kept] = why_unknown(source) if part is None else part._replace(source=kept)
        return kept

    found, unread = find_inputs(options.inputs, options.config, keep)
    planned: list[Planned] = []
    for one in found:
        told = [(source, kinds[source]) for source in one.sources]
        parts = [part for _, part in told if isinstance(part, Part)]
        unread += (Unread(source.name, reason) for source, reason in told if isinstance(reason, str))
        settings = {folder: _without_text(source) for folder, source in one.default_ufw.items()}
        one = one._replace(default_ufw=settings)
        groups = group(parts, os.getcwd())
        hosts = tuple(_named(each, one) for each in groups)
        planned.append(Planned(one, groups, hosts))
    return planned, say_unread(unread)


def settings_of(each: Group, found: Found) -> dict[str, Source]:
    """The /etc/default/ufw of a host's folders, as planned."""
    return {folder: found.default_ufw[folder] for folder in _folders(each) if folder in found.default_ufw}


def filled(each: Group, settings: Mapping[str, Source]) -> Filled:
    """Read a host's files again, now to keep them; those that are read already stay as they are."""
    unread: list[Unread] = []
    parts: list[Part] = []
    for part in each.parts:
        source = _read(part.source)
        if isinstance(source, Source):
            parts.append(part._replace(source=source))
        else:
            unread.append(source)
    default_ufw: dict[str, Source] = {}
    for folder, named in settings.items():
        source = _read(named)
        if isinstance(source, Source):
            default_ufw[folder] = source
        else:
            unread.append(source)
    return Filled(each._replace(parts=tuple(parts)), default_ufw, tuple(unread))


def _without_text(source: Source) -> Source:
    """A file that can be read a second time is; what came through a pipe cannot."""
    return Source(source.name, "", source.mode) if os.path.isfile(source.name) else source


def _read(source: Source) -> Source | Unread:
    return source if source.text else read_file(source.name)


def _named(each: Group, found: Found) -> Host:
    sources = dict.fromkeys(part.source for part in each.parts)
    sources.update(dict.fromkeys(settings_of(each, found).values()))
    return Host(each.name, sources=tuple(sources))


def _folders(each: Group) -> Iterator[str]:
    """The folders of ufw's own files, which have an /etc/default/ufw."""
    yield from dict.fromkeys(
        os.path.dirname(part.source.name) for part in each.parts if part.kind in ("ufw-rules", "ufw-settings")
    )

"""The site of each batch of hosts, and the rules that hold there: zimlint's own, ``--rules`` and the site's ``rules``.

Invariant: without rules of users nothing more is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from zimlint.checks import Check, load_checks
from zimlint.cli.inputs import Batch, must_read, site_file
from zimlint.cli.output import complain
from zimlint.source import Source, Span
from zimlint.zimbra.catalogue import Catalogue, load_catalogue
from zimlint.zimbra.site import Site, place_of

if TYPE_CHECKING:
    from zimlint.zimbra.site_file import OwnRules


class Rules(NamedTuple):
    """What is linted for."""

    checks: dict[str, Check]
    catalogue: Catalogue
    folders: tuple[str, ...] = ()
    """Those of users that are part of it."""


class KnownSite(NamedTuple):
    """A site, with the rules that hold there."""

    site: Site
    rules: Rules


def own_rules(folders: Sequence[str], batches: Iterable[Batch]) -> Rules:
    """Zimlint's rules and those of ``--rules``, whose checks may name the networks of any of the sites."""
    rules = Rules(load_checks(), load_catalogue())
    if not folders:
        return rules
    named = [name for batch in batches if batch.site is not None for name in _own(must_read(batch.site)).networks]
    return _with(dict.fromkeys(folders), rules, named)


def rules_here(folders: Sequence[str], config: str | None) -> Rules:
    """For commands that read no host: with those of the site file, the nearest one from the current folder upward."""
    rules = Rules(load_checks(), load_catalogue())
    place = config or site_file(os.getcwd())
    source = None if place is None else must_read(place)
    if source is None or ("rules" not in source.text and not folders):
        return _with(dict.fromkeys(folders), rules, None)
    own = _own(source)
    return _with({**own.folders, **dict.fromkeys(folders)}, rules, own.networks)


def known_site(batch: Batch, rules: Rules) -> KnownSite:
    """The site of a batch; its ``rules`` come on top of those that hold everywhere."""
    if batch.site is None:
        return KnownSite(Site.default(), rules)
    from zimlint.zimbra.site_file import read_site  # loads PyYAML, which most runs do not need

    source = must_read(batch.site)
    if "rules" in source.text:
        own = _own(source)
        rules = _with(own.folders, rules, own.networks)
    return KnownSite(read_site(source, checks=rules.checks), rules)


def _own(source: Source) -> OwnRules:
    from zimlint.zimbra.site_file import own_rules_of  # loads PyYAML

    return own_rules_of(source)


def _with(folders: Mapping[str, Span | None], rules: Rules, networks: Collection[str] | None) -> Rules:
    """The rules and those in folders of users, each folder once, however often it is named."""
    known = {os.path.realpath(folder) for folder in rules.folders}
    more: dict[str, Span | None] = {}
    for folder, place in folders.items():
        if os.path.realpath(folder) not in known:
            known.add(os.path.realpath(folder))
            more[folder] = place
    if not more:
        return rules
    from zimlint.cli.own_rules import add_rules

    return Rules(*add_rules(more, rules.checks, rules.catalogue, networks), (*rules.folders, *more))


def warn_of_missing(batches: Sequence[Batch], known: Sequence[KnownSite], folders: Sequence[str]) -> None:
    """Say which paths of a site file are misspelt.

    Of a host's, where its place was read as a whole and holds nothing that is linted; else, as a hook hands over single
    files, only where there is no such place at all. Of an ``ignore`` the same, but what was read as a whole is told by
    ``unused-suppression``.
    """
    if not any(one.site.hosts or one.site.ignore for one in known):
        return
    whole = [os.path.abspath(folder) for folder in folders]
    held = _with_folders(source.name for batch in batches for host in batch.hosts for source in host.sources)
    for site in (one.site for one in known):
        if site.source is None:
            continue
        name, lost = site.source.name, list[str]()
        for node in site.hosts:
            if node.path is None:
                continue
            place = place_of(site, node.path)
            if any(_lies_in(place, folder) for folder in whole):
                if place not in held:
                    complain(f"{name}: hosts: {node.name}: nothing that is linted lies in '{node.path}'")
            elif not os.path.exists(place):
                lost.append(f"'{node.path}'")
        if lost:
            more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
            complain(f"{name}: hosts: there is no {', '.join(lost[:_SHOWN])}{more}, seen from the folder of this file")
        for one in site.ignore:
            place = place_of(site, one.path)
            if not os.path.exists(place) and not any(_lies_in(place, folder) for folder in whole):
                place = f"{name}:{one.span.line}"
                complain(f"{place}: ignore: there is no '{one.path}', seen from the folder of this file")


_SHOWN = 5
"""So many lost hosts are named: those of a fleet may be collected one by one."""


def _with_folders(files: Iterable[str]) -> set[str]:
    """The files and all folders that hold one, as absolute paths."""
    found: set[str] = set()
    for file in files:
        place = os.path.abspath(file)
        while place not in found:
            found.add(place)
            place = os.path.dirname(place)
    return found


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)

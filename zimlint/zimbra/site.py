"""What a site says about itself in ``.zimlint.yaml``: its networks, nodes, roles, version, exceptions.

Invariant: a ``Site`` is whole and checked; without a file it is a single server that knows no network.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from zimlint.packets import EMPTY, Family, RangeSet
from zimlint.source import Source, Span
from zimlint.zimbra.catalogue import Transport, Version
from zimlint.zimbra.sources import DECLARED, Networks, addresses

DEFAULT_ROLES = ("ldap", "mta", "mailbox", "proxy", "memcached", "logger")
ROLES = (*DEFAULT_ROLES, "dnscache", "spell", "convertd", "imapd", "ssdb", "docs", "onlyoffice", "license")
"""The roles that a node can have, as in ``rules/catalogue/roles.yaml``."""

_WILD = "*?["

Threshold = Literal["error", "warning", "info"]
SiteSeverity = Literal["error", "warning", "info", "off"]


class Node(NamedTuple):
    """One host of the site; ``path`` is where its configuration lies, relative to the site file."""

    name: str
    roles: tuple[str, ...]
    path: str | None = None


class AlsoAllowed(NamedTuple):
    """``10000/tcp from admin``; ``source`` is the word after ``from``, ``public`` lets everybody in."""

    ports: RangeSet
    protocol: Transport
    source: str
    networks: Networks
    span: Span


class Ignore(NamedTuple):
    """Findings that somebody has accepted."""

    checks: tuple[str, ...]
    path: str
    """A file, a folder or a pattern, relative to the site file."""
    ports: Mapping[str, RangeSet] | None
    """By transport; None is all."""
    reason: str
    """Empty where none is given: then the entry covers nothing."""
    until: str
    """The last day, as ``2026-01-31``; empty without an end."""
    span: Span


class Site(NamedTuple):
    """The site file, resolved."""

    networks: Mapping[str, Networks]
    """By name; admin, cluster and clients are always there."""
    version: Version | None
    proxy: bool
    ssh_port: int
    roles: tuple[str, ...]
    """Of every host that ``hosts`` gives none."""
    hosts: tuple[Node, ...]
    also_allowed: tuple[AlsoAllowed, ...]
    severity: Mapping[str, SiteSeverity]
    """By check id."""
    fail_on: Threshold
    inside: tuple[str, ...]
    """Interfaces that do not face the internet, ``+`` at the end for all that begin so."""
    base: str = ""
    """The folder of the site file."""
    source: Source | None = None
    ignore: tuple[Ignore, ...] = ()
    rules: tuple[str, ...] = ()
    """Folders with checks and catalogue rows of the site's own, relative to the site file."""
    ssh_port_given: bool = False
    """Whether the site file says where ssh listens; else 22 is assumed."""

    @staticmethod
    def default() -> Site:
        """What is assumed without a site file: a single server, no declared network."""
        return Site(
            networks={name: addresses(()) for name in DECLARED},
            version=None,
            proxy=True,
            ssh_port=22,
            roles=DEFAULT_ROLES,
            hosts=(),
            also_allowed=(),
            severity={},
            fail_on="warning",
            inside=(),
        )


def node_of(site: Site, name: str, files: Iterable[str] = ()) -> Node:
    """The node that a linted host is: the one whose path holds one of its files, or whose name it has."""
    paths = [os.path.abspath(file) for file in files if file != "-"]
    inner_first = sorted((host for host in site.hosts if host.path is not None), key=lambda host: -len(host.path or ""))
    for host in inner_first:
        folder = os.path.abspath(os.path.join(site.base, host.path or ""))
        if any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for path in paths):
            return host
    for host in site.hosts:
        if host.name == name:
            return host
    return Node(name, site.roles)


def place_of(site: Site, path: str) -> str:
    """Where a path or a pattern of the site file points: all before its first wildcard, as an absolute path."""
    fixed: list[str] = []
    for part in path.split("/"):
        if any(mark in part for mark in _WILD):
            break
        fixed.append(part)
    return os.path.normpath(os.path.join(os.path.abspath(site.base), "/" if path.startswith("/") else "", *fixed))


def is_single(site: Site) -> bool:
    """Whether one server does everything, so that no other node has to reach it."""
    roles = site.hosts[0].roles if site.hosts else site.roles
    return len(site.hosts) <= 1 and set(DEFAULT_ROLES) <= set(roles)


def peers(site: Site, node: Node) -> tuple[str, ...]:
    """The roles of the other nodes, none on a single server. Where the site names no other host, they may be any; a
    site that says that it has no proxy has none."""
    if is_single(site):
        return ()
    others = {role for host in site.hosts if host.name != node.name for role in host.roles}
    found = tuple(role for role in ROLES if role in others) or DEFAULT_ROLES
    return found if site.proxy else tuple(role for role in found if role != "proxy")


def also_allowed(site: Site, family: Family, port: int, protocol: Transport) -> RangeSet:
    """The sources that the site lets reach a port beside what Zimbra practice allows."""
    found = EMPTY
    for entry in site.also_allowed:
        if entry.protocol == protocol and port in entry.ports:
            found |= entry.networks[family]
    return found

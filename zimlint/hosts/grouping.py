"""Which inputs belong to one host: by where they lie, then by their names.

Files of one directory are one host, and so are the folders that a host keeps them in (``etc/ufw``, ``applications.d``,
``etc/iptables``). Only where two of them cannot both be of one host (two IPv4 dumps) do their names tell hosts apart:
``mail1.v4 mail1.v6 mail2.v4`` are two.
Invariant: names only; no file is looked at, and every part ends up in exactly one group.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from zimlint.formats import ANSIBLE, SCRIPTS
from zimlint.source import Source


class Part(NamedTuple):
    """One input whose kind is known. Two parts of one ``slot`` are of two hosts; the empty slot has room for all."""

    source: Source
    kind: str
    slot: str


class Group(NamedTuple):
    """The parts of one host."""

    name: str
    parts: tuple[Part, ...]


STATUS_SLOT = "status"
"""Plain, verbose and numbered status of one host may lie side by side, so it is full only for another name."""


def group(parts: Sequence[Part], base: str = "") -> tuple[Group, ...]:
    """The hosts in the order of their first part; ``base`` is the directory that relative names start from."""
    homes: dict[str, list[Part]] = {}
    for part in parts:
        home = "-" if part.source.name == "-" else _home(_absolute(part, base), part.kind)
        homes.setdefault(home, []).append(part)
    groups = [found for home, members in homes.items() for found in _groups_of(home, members, base)]
    return tuple(_named_apart(groups, base))


_WORDS = frozenset({
    "rules", "v4", "v6", "ipv4", "ipv6", "ip4", "ip6", "iptables", "ip6tables", "ip4tables", "save", "ufw", "status",
    "verbose", "numbered", "plain", "ipset", "ipsets", "set", "sets", "txt", "dump", "conf", "up", "nft", "legacy",
    "out", "log", "firewall",
})  # fmt: skip
"""What names of files say of their format."""


def stem(name: str) -> str:
    """What a file name says beside its format: ``mail1`` of ``mail1-ip6tables.save``, nothing of ``rules.v4``."""
    words = re.split(r"([._-]+)", os.path.basename(name))  # word, separator, word ...
    while words and words[-1].lower() in _WORDS:
        del words[-2:]
    while words and words[0].lower() in _WORDS:
        del words[:2]
    return "".join(words)


def _absolute(part: Part, base: str) -> str:
    return os.path.normpath(os.path.join(base, part.source.name))


def _home(path: str, kind: str) -> str:
    if kind in SCRIPTS:
        return path
    folder, name = os.path.split(path)
    if kind == "ufw-profile":
        folder = _without(folder, "applications.d")
    if kind.startswith("ufw-"):
        folder = _without(folder, "default" if kind == "ufw-settings" and name == "ufw" else "ufw")
    elif os.path.basename(os.path.dirname(folder)) == "etc":
        folder = os.path.dirname(folder)
    return _without(folder, "etc")


def _without(folder: str, last: str) -> str:
    parent, name = os.path.split(folder)
    return parent if name == last else folder


def _groups_of(home: str, parts: list[Part], base: str) -> list[Group]:
    if home == "-":
        return [Group("stdin", tuple(parts))]
    if not _crowded(parts):
        stems = {_stem(part) for part in parts}
        only = stems.pop() if len(stems) == 1 else ""
        return [Group(only or _folder_name(home, parts, base), tuple(parts))]
    found: list[Group] = []
    for key, members in _by(parts, [_stem(part) for part in parts]):
        crowded = _crowded(members)
        folders = [_folder(part) if crowded else "" for part in members]
        for folder, inner in _by(members, folders):
            first, *others = _layers(inner)
            name = key or (os.path.basename(folder) if folder else _folder_name(home, first, base))
            found.append(Group(name, tuple(first)))
            found += [Group(os.path.basename(layer[0].source.name), tuple(layer)) for layer in others]
    return found


def _crowded(parts: Iterable[Part]) -> bool:
    seen: dict[str, str] = {}
    for part in parts:
        name = _stem(part)
        if part.slot and part.slot in seen and (part.slot != STATUS_SLOT or seen[part.slot] != name):
            return True
        seen.setdefault(part.slot, name)
    return False


def _layers(parts: list[Part]) -> list[list[Part]]:
    """The first part of each slot together, then the second of each, and so on."""
    layers: list[list[Part]] = [[]]
    count: dict[str, int] = {}
    for part in parts:
        depth = 0
        if part.slot not in ("", STATUS_SLOT):
            depth = count[part.slot] = count.get(part.slot, -1) + 1
        while len(layers) <= depth:
            layers.append([])
        layers[depth].append(part)
    return layers


def _by(parts: list[Part], keys: list[str]) -> list[tuple[str, list[Part]]]:
    found: dict[str, list[Part]] = {}
    for key, part in zip(keys, parts, strict=True):
        found.setdefault(key, []).append(part)
    return list(found.items())


def _stem(part: Part) -> str:
    return stem(part.source.name) if part.kind in ("iptables-save", "ufw-status", "ipset-save") else ""


def _folder(part: Part) -> str:
    return _without(os.path.dirname(part.source.name), "applications.d")


def _folder_name(home: str, parts: Sequence[Part], base: str) -> str:
    """The host's name after its folder: ``mail1`` of ``hosts/mail1/etc/ufw``, ``ufw`` of ``/etc/ufw``.

    A role's tasks are all called ``main.yml``: there it is ``firewall/tasks/main.yml``.
    """
    *_, role, folder, file = ("", "", *home.split(os.sep))
    if parts[0].kind == ANSIBLE and folder in ("tasks", "handlers"):
        return f"{role}/{folder}/{file}"
    folders = [os.path.dirname(_absolute(part, base)) for part in parts]
    name = os.path.basename(home) or os.path.basename(os.path.commonpath(folders))
    return name or os.path.splitext(os.path.basename(parts[0].source.name))[0]


def _named_apart(groups: list[Group], base: str) -> list[Group]:
    """Two hosts of one name get their folder's name before it."""
    names = [found.name for found in groups]
    apart: list[Group] = []
    for found in groups:
        folder = ""
        if names.count(found.name) > 1:
            folder = os.path.basename(os.path.dirname(_home(_absolute(found.parts[0], base), found.parts[0].kind)))
        apart.append(found._replace(name=f"{folder}/{found.name}") if folder else found)
    return apart

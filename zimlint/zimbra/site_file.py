"""Reads ``.zimlint.yaml``.

Invariant: every mistake is a ``ConfigError`` with line and column and what was expected; nothing is skipped.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import NamedTuple, cast, get_args

from zimlint.packets import ALL_ADDRESSES, Family, RangeSet, format_address, network
from zimlint.source import ConfigError, Source, Span
from zimlint.yaml_tree import (
    YamlMap,
    YamlText,
    choice,
    hint,
    items,
    mapping,
    number,
    only_keys,
    read_tree,
    switch,
    word,
)
from zimlint.zimbra.catalogue import Transport, Version, parse_version
from zimlint.zimbra.site import ROLES, AlsoAllowed, Node, Site, SiteSeverity, Threshold
from zimlint.zimbra.site_ignore import read_ignore
from zimlint.zimbra.sources import LAN, PUBLIC, Networks, source_classes, union

KEYS = (
    "networks", "zimbra", "ssh_port", "roles", "hosts", "also_allowed", "severity", "fail_on", "interfaces", "ignore",
    "rules",
)  # fmt: skip
_RESERVED = (PUBLIC, LAN, "loopback", "declared", "any", "anywhere")
_MAX_INTERFACE = 15  # IFNAMSIZ - 1


def read_site(source: Source, *, checks: Collection[str] | None = None) -> Site:
    """The site of one file; ``checks`` are the ids that ``severity`` may name. An empty file is the default site."""
    default = Site.default()
    top = mapping(read_tree(source), "site file")
    only_keys(top, "site file", KEYS)
    zimbra = mapping(top.entries.get("zimbra"), "zimbra")
    only_keys(zimbra, "zimbra", ("version", "proxy"))
    interfaces = mapping(top.entries.get("interfaces"), "interfaces")
    only_keys(interfaces, "interfaces", ("inside",))

    networks = {**default.networks, **_networks(mapping(top.entries.get("networks"), "networks"))}
    version, proxy = zimbra.entries.get("version"), zimbra.entries.get("proxy")
    ssh_port, fail_on = top.entries.get("ssh_port"), top.entries.get("fail_on")
    roles = _roles(items(top.entries.get("roles"), "roles"), "roles") or default.roles
    return Site(
        networks=networks,
        version=None if version is None else _version(word(version, "version")),
        proxy=default.proxy if proxy is None else switch(proxy, "proxy"),
        ssh_port=default.ssh_port if ssh_port is None else number(ssh_port, "ssh_port", 1, 65535),
        roles=roles,
        hosts=_hosts(mapping(top.entries.get("hosts"), "hosts"), roles),
        also_allowed=tuple(
            _allowed(entry, networks) for entry in items(top.entries.get("also_allowed"), "also_allowed")
        ),
        severity=_severities(mapping(top.entries.get("severity"), "severity"), checks),
        fail_on=default.fail_on
        if fail_on is None
        else cast(Threshold, choice(fail_on, "fail_on", get_args(Threshold))),
        inside=tuple(_interface(name) for name in items(interfaces.entries.get("inside"), "inside")),
        base=os.path.dirname(source.name),
        source=source,
        ignore=read_ignore(top.entries.get("ignore"), checks),
        rules=tuple(folder.text for folder in items(top.entries.get("rules"), "rules")),
        ssh_port_given=ssh_port is not None,
    )


class OwnRules(NamedTuple):
    """What has to be known of a site before the rest of its file is read, which may name checks of its own."""

    folders: Mapping[str, Span]
    """Those under ``rules``, from where we are, with their places in the file."""
    networks: tuple[str, ...]
    """The names that the site gives to networks."""


def own_rules_of(source: Source) -> OwnRules:
    """Where the site has rules of its own, and what their checks may name."""
    top = mapping(read_tree(source), "site file")
    base = os.path.dirname(source.name)
    folders = {os.path.join(base, one.text): one.span for one in items(top.entries.get("rules"), "rules")}
    return OwnRules(folders, tuple(mapping(top.entries.get("networks"), "networks").entries))


def _networks(node: YamlMap) -> Mapping[str, Networks]:
    found: dict[str, Networks] = {}
    for name, value in node.entries.items():
        if name in _RESERVED:
            raise ConfigError(f"networks: '{name}' has a meaning of its own, expected another name", node.keys[name])
        if not name.replace("-", "").replace("_", "").isalnum() or not name[0].isalpha():
            raise ConfigError(f"networks: expected a name of letters, digits, - and _, not '{name}'", node.keys[name])
        found[name] = union(_network(text, f"networks: {name}") for text in items(value, f"networks: {name}"))
    return found


def _network(node: YamlText, what: str) -> Networks:
    """One address or network as people mean it: host bits must be clear, as else one address may be meant."""
    try:
        family, found = network(node.text)
    except ValueError:
        expected = "expected an address or a network like 192.0.2.0/24 or 2001:db8::/32"
        raise ConfigError(f"{what}: {expected}, not '{node.text}'", node.span) from None
    address = node.text.partition("/")[0]
    if found == ALL_ADDRESSES[family]:
        raise ConfigError(f"{what}: '{node.text}' is everybody, expected a network that can be told apart", node.span)
    if len(found.ranges) > 1:
        raise ConfigError(f"{what}: expected a mask without holes, not '{node.text}'", node.span)
    low, high = found.ranges[0]
    if low != network(address)[1].first():
        bits = family.bits - (high - low).bit_length()
        meant = f"{format_address(family, low)}/{bits} or {address}"
        raise ConfigError(f"{what}: '{node.text}' has host bits set, expected {meant}", node.span)
    return {family: found}


def _version(node: YamlText) -> Version:
    try:
        return parse_version(node.text)
    except ValueError:
        raise ConfigError(f"version: expected a version like \"10.1\", not '{node.text}'", node.span) from None


def _roles(nodes: tuple[YamlText, ...], what: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(choice(node, what, ROLES) for node in nodes))


def _hosts(node: YamlMap, roles: tuple[str, ...]) -> tuple[Node, ...]:
    found: list[Node] = []
    for name, value in node.entries.items():
        what = f"hosts: {name}"
        host = mapping(value, what)
        only_keys(host, what, ("path", "roles"))
        path = host.entries.get("path")
        own = _roles(items(host.entries.get("roles"), f"{what}: roles"), f"{what}: roles")
        found.append(Node(name, own or roles, None if path is None else word(path, f"{what}: path").text))
    return tuple(found)


def _allowed(node: YamlText, networks: Mapping[str, Networks]) -> AlsoAllowed:
    """``10000-10010/tcp from admin``."""
    words = node.text.split()
    if len(words) != 3 or words[1] != "from":
        raise _bad_entry(node, f"not '{node.text}'")
    ports, slash, protocol = words[0].partition("/")
    if protocol not in get_args(Transport):
        raise _bad_entry(node, f"not the protocol '{protocol}'" if slash else "with a protocol")
    first, dash, last = ports.partition("-")
    if not (_is_port(first) and (not dash or (_is_port(last) and int(first) <= int(last)))):
        raise _bad_entry(node, f"not the port '{ports}'")
    numbers = RangeSet([(int(first), int(last or first))])
    return AlsoAllowed(numbers, cast(Transport, protocol), words[2], _sources(node, words[2], networks), node.span)


def _sources(node: YamlText, source: str, networks: Mapping[str, Networks]) -> Networks:
    if source == PUBLIC:
        return ALL_ADDRESSES
    if source == LAN:
        return source_classes(networks)[LAN]
    if source in networks:
        if not any(networks[source].values()):
            raise ConfigError(f"also_allowed: expected networks: {source} to name a network", node.span)
        return networks[source]
    if source[0].isalpha() and ":" not in source:
        near = hint(source, (*networks, PUBLIC, LAN)) or f", expected an address, public or {', '.join(networks)}"
        raise ConfigError(f"also_allowed: '{source}' is not among networks{near}", node.span)
    found = _network(YamlText(source, node.span, True), "also_allowed")
    return {family: found.get(family, RangeSet()) for family in Family}


def _bad_entry(node: YamlText, found: str) -> ConfigError:
    return ConfigError(f"also_allowed: expected 'PORT[-PORT]/tcp|udp from NETWORK|ADDRESS|public', {found}", node.span)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535


def _severities(node: YamlMap, checks: Collection[str] | None) -> Mapping[str, SiteSeverity]:
    found: dict[str, SiteSeverity] = {}
    for name, value in node.entries.items():
        if checks is not None and name not in checks:
            near = hint(name, checks) or ", 'zimlint checks' lists them"
            raise ConfigError(f"severity: there is no check '{name}'{near}", node.keys[name])
        found[name] = cast(SiteSeverity, choice(value, f"severity: {name}", get_args(SiteSeverity)))
    return found


def _interface(node: YamlText) -> str:
    name = node.text
    if len(name) > _MAX_INTERFACE or "+" in name[:-1] or name == "+" or any(c.isspace() or c == "/" for c in name):
        raise ConfigError(f"inside: expected an interface like eth1 or tun+, not '{name}'", node.span)
    return name

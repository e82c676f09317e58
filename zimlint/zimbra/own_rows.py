"""Reads catalogue rows that a site writes itself: ``catalogue/*.yaml`` of a folder given with ``--rules``.

Invariant: every mistake is a ``ConfigError`` with line and column; a port that zimlint ships is not redefined.
"""

from __future__ import annotations

from typing import cast, get_args

from zimlint.source import ConfigError, Source
from zimlint.yaml_tree import (
    YamlList,
    YamlMap,
    YamlNode,
    choice,
    items,
    kind,
    mapping,
    number,
    only_keys,
    read_tree,
    switch,
    word,
)
from zimlint.zimbra.catalogue import (
    EVERY_ROLE,
    Binds,
    Catalogue,
    ExposureClass,
    Internet,
    Service,
    Transport,
    Version,
    parse_version,
)
from zimlint.zimbra.site import ROLES

KEYS = (
    "port", "name", "description", "exposure", "roles", "roles_without_proxy", "from_roles", "internet", "admin",
    "clients", "attribute", "bind", "binds", "default", "versions", "since", "until", "twin", "why", "note", "sources",
)  # fmt: skip
NEEDED = ("port", "name", "exposure", "why")


def with_rows(catalogue: Catalogue, source: Source) -> Catalogue:
    """The catalogue and the rows of one file, in the order of ports."""
    tree = read_tree(source)
    if tree is None:
        return catalogue
    if not isinstance(tree, YamlList):
        raise ConfigError(f"catalogue: expected a list of rows that begin with '- port:', not {kind(tree)}", tree.span)
    services = dict(catalogue.services)
    for node in tree.items:
        row = mapping(node, "catalogue")
        service = _service(row, node)
        if (service.port, service.protocol) in services:
            raise ConfigError(f"catalogue: {service.label} is there already, expected a new port", row.keys["port"])
        services[service.port, service.protocol] = service
    return catalogue._replace(services=dict(sorted(services.items())))


def _service(row: YamlMap, node: YamlNode) -> Service:
    only_keys(row, "catalogue", KEYS)
    for key in NEEDED:
        if key not in row.entries:
            raise ConfigError(f"catalogue: expected the key '{key}'", node.span)

    def text(key: str, otherwise: str = "") -> str:
        return word(row.entries[key], key).text.strip() if key in row.entries else otherwise

    def roles(key: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
        if key not in row.entries:
            return otherwise
        return tuple(choice(role, key, (*ROLES, EVERY_ROLE)) for role in items(row.entries[key], key))

    port, protocol = _port(row)
    name = text("name")
    listens = roles("roles", (EVERY_ROLE,))
    one_of = row.entries
    return Service(
        port=port,
        protocol=protocol,
        name=name,
        description=text("description", name),
        exposure=cast(ExposureClass, choice(one_of["exposure"], "exposure", get_args(ExposureClass))),
        roles=listens,
        roles_without_proxy=roles("roles_without_proxy", listens),
        from_roles=roles("from_roles", ()),
        internet=cast(Internet, choice(one_of["internet"], "internet", get_args(Internet)))
        if "internet" in one_of
        else "no",
        admin="admin" in one_of and switch(one_of["admin"], "admin"),
        clients=text("clients"),
        attribute=text("attribute"),
        bind=text("bind"),
        binds=cast(Binds, choice(one_of["binds"], "binds", get_args(Binds))) if "binds" in one_of else "unknown",
        default=text("default"),
        versions=text("versions", "all"),
        since=_version(row, "since"),
        until=_version(row, "until"),
        twin=number(one_of["twin"], "twin", 1, 65535) if "twin" in one_of else None,
        why=text("why"),
        note=text("note"),
        sources=tuple(one.text for one in items(one_of.get("sources"), "sources")),
    )


def _port(row: YamlMap) -> tuple[int, Transport]:
    label = word(row.entries["port"], "port")
    digits, _, protocol = label.text.partition("/")
    good = digits.isascii() and digits.isdigit() and len(digits) <= 5 and 1 <= int(digits) <= 65535
    if not good or protocol not in get_args(Transport):
        raise ConfigError(f"port: expected a port like 10000/tcp, not '{label.text}'", label.span)
    return int(digits), cast(Transport, protocol)


def _version(row: YamlMap, key: str) -> Version | None:
    if key not in row.entries:
        return None
    node = word(row.entries[key], key)
    try:
        return parse_version(node.text)
    except ValueError:
        raise ConfigError(f"{key}: expected a version like \"10.1\", not '{node.text}'", node.span) from None

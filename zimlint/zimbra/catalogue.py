"""The Zimbra ports and roles: what listens where, who may connect, and why it matters.

Written by hand in ``rules/catalogue/*.yaml``, read from ``rules/rules.json`` (made of it by ``tests/make_rules.py``).

Invariant: a ``Catalogue`` is complete and never changes; nothing here knows a firewall.
"""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple, cast, get_args

from zimlint.assets import asset_json
from zimlint.packets import TCP, UDP
from zimlint.source import InternalError
from zimlint.zimbra.json_values import as_list, as_object, as_text, as_texts

Transport = Literal["tcp", "udp"]
TRANSPORTS: dict[Transport, int] = {"tcp": TCP, "udp": UDP}
"""What a service may listen on, with its protocol number."""
ExposureClass = Literal["public", "public-optional", "admin", "cluster", "loopback", "never-public"]
Internet = Literal["required", "optional", "no"]
Binds = Literal["all", "loopback", "host", "closed", "unknown"]
Version = tuple[int, ...]
EVERY_ROLE = "all"


class Service(NamedTuple):
    """One port and protocol. ``clients``, ``default``, ``attribute``, ``bind`` and ``versions`` are for people."""

    port: int
    protocol: Transport
    name: str
    """For messages: ``admin console``, ``memcached``."""
    description: str
    exposure: ExposureClass
    """Who may reach it at all; see ``exposure_class``."""
    roles: tuple[str, ...]
    """Where it listens; ``all`` is every node."""
    roles_without_proxy: tuple[str, ...]
    """The same where Zimbra's proxy is off."""
    from_roles: tuple[str, ...]
    """Which other nodes may connect; ``all`` is every node."""
    internet: Internet
    admin: bool
    """Administration networks may connect."""
    clients: str
    attribute: str
    bind: str
    binds: Binds
    default: str
    versions: str
    since: Version | None
    """The first version that has it."""
    until: Version | None
    """The first version that has it no more."""
    twin: int | None
    """The port that does its work on the other side of the proxy: 143 and 7143."""
    why: str
    note: str
    sources: tuple[str, ...]

    @property
    def label(self) -> str:
        """``7071/tcp``."""
        return f"{self.port}/{self.protocol}"


class NodeNeed(NamedTuple):
    """A port that other nodes use; ``when`` says where an optional one is needed."""

    port: int
    protocol: Transport
    from_roles: tuple[str, ...]
    required: bool
    when: str
    why: str


class Role(NamedTuple):
    """What a node does, and which ports other nodes need of it."""

    name: str
    title: str
    nodes: tuple[NodeNeed, ...]
    sources: tuple[str, ...]


class Catalogue(NamedTuple):
    """All services by port and protocol, in the order of ports, and all roles by name."""

    services: Mapping[tuple[int, Transport], Service]
    roles: Mapping[str, Role]


class Requirement(NamedTuple):
    """A service that a host must let in, from the internet or from nodes of the named roles."""

    service: Service
    source: Literal["public", "cluster"]
    from_roles: tuple[str, ...]
    why: str


def services_on(
    catalogue: Catalogue, roles: Collection[str], *, version: Version | None = None, proxy: bool = True
) -> tuple[Service, ...]:
    """What can listen on a host of these roles."""
    return tuple(
        service
        for service in catalogue.services.values()
        if in_use(service, version) and _overlap(service.roles if proxy else service.roles_without_proxy, roles)
    )


def requirements(
    catalogue: Catalogue,
    roles: Collection[str],
    *,
    version: Version | None = None,
    proxy: bool = True,
    peers: Collection[str] = (),
) -> tuple[Requirement, ...]:
    """What a host of these roles must let in. ``peers`` are the roles of the other nodes, none on a single server."""
    services = services_on(catalogue, roles, version=version, proxy=proxy)
    found = [Requirement(service, "public", (), service.why) for service in services if service.internet == "required"]
    for role in catalogue.roles.values():
        if role.name != EVERY_ROLE and role.name not in roles:
            continue
        for need in role.nodes:
            service = catalogue.services[need.port, need.protocol]
            if need.required and service in services and peers and _overlap(need.from_roles, peers):
                found.append(Requirement(service, "cluster", need.from_roles, need.why))
    return tuple(found)


def in_use(service: Service, version: Version | None) -> bool:
    """Whether a version can have the service; an unknown version has all. A declared ``8.8`` covers ``8.8.1``."""
    if version is None:
        return True
    shared = len(version)
    return not is_stale(service, version) and (service.since is None or version >= service.since[:shared])


def is_stale(service: Service, version: Version | None) -> bool:
    """Whether the version is known to have the service no more."""
    if version is None or service.until is None:
        return False
    length = max(len(version), len(service.until))
    return _padded(version, length) >= _padded(service.until, length)


def parse_version(text: str) -> Version:
    """``10.1``, ``8.8.15`` or ``8.8.15_P46`` as numbers; ValueError for anything else."""
    number = text.strip().removeprefix("v")
    for mark in "_ -":
        number = number.partition(mark)[0]
    parts = number.split(".")
    if len(parts) > 4 or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        raise ValueError(f"'{text}' is not a version")
    return tuple(map(int, parts))


def load_catalogue() -> Catalogue:
    """The catalogue that zimlint ships."""
    rules = as_object(asset_json("rules/rules.json"))
    services = [_service(as_object(row)) for row in as_list(rules["services"])]
    return Catalogue(
        {(service.port, service.protocol): service for service in services},
        {name: _role(name, as_object(row)) for name, row in as_object(rules["roles"]).items()},
    )


def _overlap(listed: Collection[str], asked: Collection[str]) -> bool:
    return EVERY_ROLE in listed or any(role in listed for role in asked)


def _padded(version: Version, length: int) -> Version:
    return version + (0,) * (length - len(version))


def _service(row: Mapping[str, object]) -> Service:
    roles = as_texts(row["roles"])
    exposure, internet, binds = as_text(row["exposure"]), as_text(row["internet"]), as_text(row["binds"])
    if exposure not in get_args(ExposureClass) or internet not in get_args(Internet) or binds not in get_args(Binds):
        raise InternalError(f"catalogue: {row['port']} has a class that is not one")
    port, protocol = _port(row)
    return Service(
        port=port,
        protocol=protocol,
        name=as_text(row["name"]),
        description=as_text(row["description"]),
        exposure=cast(ExposureClass, exposure),
        roles=roles,
        roles_without_proxy=as_texts(row["roles_without_proxy"]) if "roles_without_proxy" in row else roles,
        from_roles=as_texts(row.get("from_roles", [])),
        internet=cast(Internet, internet),
        admin=as_text(row["admin"]) == "true",
        clients=as_text(row["clients"]),
        attribute=as_text(row["attribute"]),
        bind=as_text(row["bind"]),
        binds=cast(Binds, binds),
        default=as_text(row["default"]),
        versions=as_text(row["versions"]),
        since=parse_version(as_text(row["since"])) if "since" in row else None,
        until=parse_version(as_text(row["until"])) if "until" in row else None,
        twin=int(as_text(row["twin"])) if "twin" in row else None,
        why=as_text(row["why"]),
        note=as_text(row.get("note", "")),
        sources=as_texts(row["sources"]),
    )


def _role(name: str, row: Mapping[str, object]) -> Role:
    needs = tuple(_need(as_object(need)) for need in as_list(row["nodes"]))
    return Role(name, as_text(row["title"]), needs, as_texts(row["sources"]))


def _need(row: Mapping[str, object]) -> NodeNeed:
    port, protocol = _port(row)
    required = as_text(row["need"]) == "required"
    return NodeNeed(port, protocol, as_texts(row["from"]), required, as_text(row.get("when", "")), as_text(row["why"]))


def _port(row: Mapping[str, object]) -> tuple[int, Transport]:
    """``port: 22/tcp``."""
    number, _, protocol = as_text(row["port"]).partition("/")
    if protocol not in get_args(Transport):
        raise InternalError(f"catalogue: {row['port']} is not a port")
    return int(number), cast(Transport, protocol)

"""The names of /etc/services: Debian 12's, names and aliases.

ufw asks the machine that it runs on; one host's table may differ from this one.
Invariant: nothing is read before the first name is asked for.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from zimlint.assets import asset_json
from zimlint.source import InternalError


def service_port(name: str) -> int | None:
    """The port of a service as getservbyname(3) finds it, exact to the letter; None if there is none of that name."""
    return _ports().get(name)


def service_protocol(name: str) -> Literal["tcp", "udp"] | None:
    """The protocol that a service has an entry for, None for both (ufw/util.py, get_services_proto)."""
    if name in _names("both"):
        return None
    return "udp" if name in _names("udp") else "tcp"


@cache
def _ports() -> dict[str, int]:
    ports = _table().get("ports")
    if not isinstance(ports, dict):
        raise InternalError("rules/services.json has no ports")
    return {str(name): int(port) for name, port in ports.items()}


@cache
def _names(key: str) -> frozenset[str]:
    names = _table().get(key)
    if not isinstance(names, list):
        raise InternalError(f"rules/services.json has no list '{key}'")
    return frozenset(map(str, names))


@cache
def _table() -> dict[str, object]:
    table = asset_json("rules/services.json")
    if not isinstance(table, dict):
        raise InternalError("rules/services.json is not an object")
    return table

"""The names of /etc/services: Debian 12's, names and aliases.

ufw asks the machine that it runs on; one host's table may differ from this one.
Invariant: nothing is read before the first name is asked for.
"""

from __future__ import annotations

from functools import cache

from zimlint.assets import asset_json
from zimlint.source import InternalError


def service_port(name: str) -> int | None:
    """The port of a service as getservbyname(3) finds it, exact to the letter; None if there is none of that name."""
    return _ports().get(name)


@cache
def _ports() -> dict[str, int]:
    table = asset_json("rules/services.json")
    ports = table.get("ports") if isinstance(table, dict) else None
    if not isinstance(ports, dict):
        raise InternalError("rules/services.json has no ports")
    return {str(name): int(port) for name, port in ports.items()}

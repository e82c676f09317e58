"""The ``ports`` of an application profile: ``25,465/tcp|53|7025:7047/udp``.

Invariant: exactly what ufw 0.36.2 takes is taken (ufw/util.py, parse_port_proto; ufw/common.py, set_port).
"""

from __future__ import annotations

import re
from typing import Literal

from zimlint.formats.lines import Node, ShapeRefused, parse_shape
from zimlint.formats.services import service_port
from zimlint.host import AppPorts
from zimlint.packets import ALL_PORTS, RangeSet

MAX_SLOTS = 15
"""A port takes one slot, a range two (the kernel's xt_multiport)."""


class PortsRefused(Exception):  # noqa: N818
    """ufw would not take these ports."""


def read_app_ports(text: str) -> tuple[AppPorts, ...]:
    """The parts between the bars; ``any`` without a protocol is every port and every protocol.

    Such a part has ``ALL_PORTS`` and no protocol; no other part without a protocol has more than one port.
    """
    return tuple(_read_part(part) for part in text.split("|"))


def _read_part(text: str) -> AppPorts:
    constant = _CONSTANT.match(text)
    if constant is None:
        raise PortsRefused(text)
    ports = constant[0]
    kind = "any" if ports == "any" else "LIST" if "," in ports or ":" in ports else "PORT"
    try:
        name, *protocol = parse_shape("ufw_profile", kind + text[constant.end() :])
    except ShapeRefused:
        raise PortsRefused(text) from None
    return AppPorts(ALL_PORTS if name == "everything" else _numbers(ports), _PROTOCOLS[tuple(protocol)])


_PROTOCOLS: dict[Node, Literal["tcp", "udp"] | None] = {("tcp",): "tcp", ("udp",): "udp", ("any",): None, (): None}
# a number may end in a line break: ufw's patterns end in `$`
_ITEM = r"(?:\d+(?::\d+)?\n?(?![\w:-])|\w[\w-][^\s,:|/]*)"
_CONSTANT = re.compile(rf"{_ITEM}(?:,{_ITEM})*")


def _numbers(text: str) -> RangeSet:
    if text.count(",") + text.count(":") >= MAX_SLOTS:
        raise PortsRefused(text)
    return RangeSet(_range(item.removesuffix("\n")) for item in text.split(","))


def _range(item: str) -> tuple[int, int]:
    low, colon, high = item.partition(":")
    if not low.isdecimal():
        port = service_port(item)
        if port is None:
            raise PortsRefused(item)
        return port, port
    first, last = int(low), int(high or low)
    if not 1 <= first <= last <= 65535 or (colon and first == last):
        raise PortsRefused(item)
    return first, last

"""The words of a ufw rule: addresses, ports, protocols, interfaces (ufw/common.py, UFWRule).

Invariant: what ufw would refuse raises ``CommandRefused`` in its words.
"""

from __future__ import annotations

import re

from zimlint.formats.app_ports import MAX_SLOTS
from zimlint.formats.services import service_port, service_protocol
from zimlint.formats.status_rows import PROTOCOL_NUMBERS, Cell
from zimlint.model import Opaque
from zimlint.packets import Family, RangeSet, network


class CommandRefused(Exception):  # noqa: N818
    """ufw would not do this; the message is its own."""


class Side:
    """``from`` or ``to`` with its address and port."""

    def __init__(self) -> None:
        self.family: Family | None = None
        self.ports: RangeSet | None = None
        self.several = False
        self.service: str | None = None
        self.app: str | None = None
        self._addresses: RangeSet | Opaque | None = None

    def address(self, text: str, name: str) -> None:
        """``any``, an address or a network."""
        if text.lower() == "any":
            return
        try:
            self.family, addresses = network(text.lower())
        except ValueError:
            raise CommandRefused(f"Bad {'source' if name == 'from' else 'destination'} address") from None
        self._addresses = None if text.endswith("/0") else addresses

    def port(self, text: str) -> None:
        """Numbers, ranges or one name of /etc/services (ufw/common.py, set_port)."""
        if text == "any":
            return
        # ufw's own pattern, \d(?:[0-9,:]*\d+)*, says the same and takes exponential time
        if not re.fullmatch(r"\d(?:[\d,:]*\d)?", text) and ("," in text or ":" in text):
            raise CommandRefused("Port ranges must be numeric")
        if text.count(",") + text.count(":") >= MAX_SLOTS:
            raise CommandRefused(f"Bad port '{text}'")
        ranges = []
        for item in text.split(","):
            low, colon, high = item.partition(":")
            if not low.isdecimal():
                port = service_port(item)
                if port is None:
                    raise CommandRefused(f"Bad port '{text}'")
                self.service = service_protocol(item)
                low = str(port)
            if len(item) > 40 or (colon and not high.isdecimal()):
                raise CommandRefused(f"Bad port '{text}'")
            first, last = int(low), int(high or low)
            if not 1 <= first <= 65535 or last > 65535 or (colon and first >= last):
                raise CommandRefused(f"Bad port '{text}'")
            ranges.append((first, last))
        self.several = len(ranges) > 1 or ":" in text
        self.ports = RangeSet(ranges)

    def cell(self, protocol: int | None) -> Cell:
        """As a row of the status shows it."""
        return Cell(None, self._addresses, self.ports, protocol, self.app)


def rule_protocol(text: str) -> str | None:
    """The name of a protocol, None for any."""
    if text != "any" and text not in PROTOCOL_NUMBERS:
        raise CommandRefused(f"Unsupported protocol '{text}'")
    return None if text == "any" else text


def rule_interface(name: str) -> str:
    """The name of an interface (set_interface)."""
    if "!" in name:
        raise CommandRefused("Bad interface name: reserved character: '!'")
    if ":" in name:
        raise CommandRefused("Bad interface name: can't use interface aliases")
    if len(name) > 15:
        raise CommandRefused("Bad interface name: interface name too long")
    if not re.fullmatch(r"[a-zA-Z0-9_.+,=%@-]+", name) or name in (".", ".."):
        raise CommandRefused("Bad interface name")
    return name

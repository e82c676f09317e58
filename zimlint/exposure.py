"""The map of a host: who reaches which service, and what decides it. Tables, JSON and HTML are all drawn from it.

Invariant: values only; every part holds a packet that was replayed and the way it took.
Invariant: a cell speaks of all packets from its sources to its port: its parts together are all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from zimlint.model import Step, View
from zimlint.packets import Family, Packet, RangeSet
from zimlint.severity import Severity
from zimlint.source import Source, Span

LOOPBACK_SOURCE = "loopback"

Word = Literal["open", "limited", "depends", "closed"]
"""open: gets in; limited: gets in, as far as a rate limit lets it; depends: on what the text does not settle."""
STRENGTH: dict[Word, int] = {"open": 3, "limited": 2, "depends": 1, "closed": 0}


class Part(NamedTuple):
    """Packets of a cell that one line (or chain default) decides alike."""

    verdict: Word
    addresses: RangeSet
    span: Span
    """The line that decides."""
    packet: Packet
    path: tuple[Step, ...]
    only: tuple[str, ...] = ()
    """What else bounds these packets: ``on eth0``, ``to 192.0.2.10``, ``from source port 53``."""
    moved: str = ""
    """Where NAT sends them: ``this host port 7071``, ``172.17.0.2 port 80``."""
    depends_on: str = ""
    """For ``depends``: ``-m geoip``, ``the set trusted``, ``the default, which is not shown`` ..."""


class Mark(NamedTuple):
    """Against Zimbra practice: the check that says so."""

    severity: Severity
    check: str


class Cell(NamedTuple):
    """One service, one class of sources, one family."""

    source: str
    family: Family
    verdict: Word
    """The widest that some of the packets get: open before limited before depends."""
    whole: bool
    """Whether all of them get it; else ``parts`` say which."""
    parts: tuple[Part, ...]
    """Widest first, what is closed last."""
    mark: Mark | None = None


class Row(NamedTuple):
    """A service, as it is reached by one port from outside."""

    port: int
    protocol: str
    name: str
    exposure: str
    """The class of the catalogue: public, cluster, loopback ..."""
    on_host: bool
    """Whether the host's roles and version have it."""
    front: int | None
    """The port outside, where NAT leads from another one to it."""
    cells: tuple[Cell, ...]

    @property
    def label(self) -> str:
        """``7071/tcp``."""
        return f"{self.port}/{self.protocol}"

    def of(self, source: str) -> tuple[Cell, ...]:
        """The cells of one column, IPv4 first."""
        return tuple(cell for cell in self.cells if cell.source == source)


class Range(NamedTuple):
    """Ports that one class of sources reaches alike, in the catalogue or not."""

    ports: RangeSet
    protocol: str
    cell: Cell


class Unlisted(NamedTuple):
    """Ports outside the catalogue that something of a class reaches."""

    source: str
    family: Family
    protocol: str
    ports: RangeSet


class Column(NamedTuple):
    """A class of sources with its addresses; public and lan are what the others leave."""

    name: str
    networks: tuple[str, ...]


class Seen(NamedTuple):
    """The input that shows a family."""

    family: Family
    view: View
    source: Source


class ExposureMap(NamedTuple):
    """Who reaches what on one host."""

    host: str
    seen: tuple[Seen, ...]
    """One for each family that is shown; a family that is not here is in no cell."""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    unlisted: tuple[Unlisted, ...]
    ranges: tuple[Range, ...]
    """All open ports, where they were asked for."""
    notes: tuple[str, ...]
    """What limits the view."""

    @property
    def families(self) -> tuple[Family, ...]:
        """The families that are shown."""
        return tuple(seen.family for seen in self.seen)


def reached(cells: Sequence[Cell]) -> bool:
    """Whether some packet of these cells may get in, but for the host's own."""
    return any(cell.verdict != "closed" and cell.source != LOOPBACK_SOURCE for cell in cells)


def views_shown(found: ExposureMap) -> str:
    """``as loaded``: what the map was made of, in words."""
    return ", ".join(dict.fromkeys(_VIEWS[seen.view] for seen in found.seen)) or "nothing shown"


_VIEWS = {
    "tree": "as ufw would load its files", "dump": "as loaded", "status": "as ufw status tells",
    "fragment": "as one file tells",
}  # fmt: skip

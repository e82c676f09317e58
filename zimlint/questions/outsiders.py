"""Packets of anybody outside: by each interface that leads there, and from more than one address.

A host that names its interfaces need not have an eth0, and lists of addresses that nobody should send from (RFC 6890)
hold the documentation networks of which a reader is shown a packet.

Invariant: what one of these gets in with is refused to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

from zimlint.packets import Family, Packet, RangeSet, parse_address
from zimlint.questions.case import Case, View
from zimlint.questions.openings import asked_interfaces
from zimlint.questions.witness import refused
from zimlint.semantics.replay import Replay

_ELSEWHERE = {Family.IPV4: "8.8.8.8", Family.IPV6: "2001:4860:4860::8888"}
"""Addresses that are routed, so that no list of bogus ones holds them."""


def refused_anyway(
    case: Case, view: View, packet: Packet, addresses: RangeSet, source: str = "public"
) -> tuple[Packet, Replay] | None:
    """The packet and its way, if it is refused for certain by whatever interface and from whatever address it comes.

    ``addresses`` are those of the class ``source``. Where the packet itself meets a line that others do not, as one
    of a list of bogus addresses, another packet is shown.
    """
    names = asked_interfaces(view.ruleset, source, case.site.inside) or (packet.interface,)
    first, *others = sorted(names, key=lambda name: name != "eth0")
    shown: tuple[Packet, Replay] | None = None
    for address in _addresses(packet, addresses):
        hit = refused(view.ruleset, [packet._replace(source=address, interface=first)])
        if hit is None or any(
            refused(view.ruleset, [packet._replace(source=address, interface=name)]) is None for name in others
        ):
            return None
        if shown is None or shown[1].path[-1].span != hit[1].path[-1].span:
            shown = hit
    return shown


def _addresses(packet: Packet, addresses: RangeSet) -> Iterable[int]:
    yield packet.source
    elsewhere = parse_address(_ELSEWHERE[packet.family])[1]
    if elsewhere in addresses:
        yield elsewhere

"""Who can knock: the classes of source addresses that judgements speak of.

Invariant: ``public`` and ``lan`` never hold an address that the site declares; declared ones may overlap.
Invariant: loopback, link-local, multicast and reserved addresses are in no class: they come from no other network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zimlint.packets import ALL_ADDRESSES, EMPTY, Family, RangeSet, network

Networks = Mapping[Family, RangeSet]

PUBLIC, LAN = "public", "lan"
ADMIN, CLUSTER, CLIENTS = "admin", "cluster", "clients"
DECLARED = (ADMIN, CLUSTER, CLIENTS)
"""The names that checks speak of; a site may add more."""

_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""RFC 1918, RFC 6598, RFC 4193."""
_LOOPBACK = ("127.0.0.0/8", "::1")
_NO_SOURCE = (
    # RFC 6890; ::/8 is reserved and holds no source on a wire, fec0::/10 is the site-local of RFC 3879. Documentation
    # networks (RFC 5737, RFC 3849) stay public: examples and witnesses use them.
    *("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
    *("::/8", "fe80::/10", "fec0::/10", "ff00::/8"),
)


def source_classes(declared: Mapping[str, Networks]) -> Mapping[str, Networks]:
    """Each class's addresses: public, lan, admin, cluster, clients, then the other declared names."""
    private = addresses(_PRIVATE)
    known = union(declared.values())
    outside = union((private, addresses(_NO_SOURCE), known))
    classes: dict[str, Networks] = {
        PUBLIC: {family: ALL_ADDRESSES[family] - outside[family] for family in Family},
        LAN: {family: private[family] - known[family] for family in Family},
    }
    for name in (*DECLARED, *declared):
        classes[name] = declared.get(name) or addresses(())
    return classes


def loopback() -> Networks:
    """127.0.0.0/8 and ::1."""
    return addresses(_LOOPBACK)


def addresses(texts: tuple[str, ...]) -> Networks:
    """Networks as one set for each family; ValueError where one is no network."""
    return union({family: networks} for family, networks in map(network, texts))


def union(parts: Iterable[Networks]) -> Networks:
    """All addresses of some networks."""
    ranges: dict[Family, list[tuple[int, int]]] = {family: [] for family in Family}
    for part in parts:
        for family, networks in part.items():
            ranges[family] += networks.ranges
    return {family: RangeSet(found) if found else EMPTY for family, found in ranges.items()}

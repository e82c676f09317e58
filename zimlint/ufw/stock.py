"""What every stock installation of ufw lets in before its user rules: for one file of a tree that comes alone.

A digest of before.rules and before6.rules of ufw 0.36.2: loopback, replies, the ICMP that IPv4 needs and the ICMPv6 of
RFC 4890. What serves only DHCP clients, mDNS and UPnP is left out, and so is ufw-not-local: a packet for the host
passes it.
Invariant: nothing here opens a port.
"""

from __future__ import annotations

from zimlint.packets import Family

_EVERY_FAMILY = """\
-A {prefix}-before-input -i lo -j ACCEPT
-A {prefix}-before-output -o lo -j ACCEPT
-A {prefix}-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A {prefix}-before-output -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A {prefix}-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
"""
_INVALID = "-A {prefix}-before-input -m conntrack --ctstate INVALID -j DROP\n"

# icmp: destination unreachable, time exceeded, parameter problem, echo request
_ICMP = "".join(
    f"-A {{prefix}}-before-{chain} -p icmp --icmp-type {kind} -j ACCEPT\n"
    for chain in ("input", "forward")
    for kind in (3, 11, 12, 8)
)
# echo replies to a multicast ping have no connection and would be INVALID
_ECHO_REPLY = "-A {prefix}-before-input -p icmpv6 --icmpv6-type 129 -j ACCEPT\n"
_ICMPV6 = "".join(
    f"-A {{prefix}}-before-{chain} -p icmpv6 --icmpv6-type {kind} {condition}-j ACCEPT\n"
    for condition, chains, kinds in (
        ("", ("input", "output", "forward"), (1, 2, 3, 4, 128)),
        # router and neighbour discovery, its inverse, SEND: only from the link itself
        ("-m hl --hl-eq 255 ", ("input", "output"), (133, 134, 135, 136, 141, 142, 148, 149)),
        # multicast listener discovery, multicast router discovery
        ("-s fe80::/10 ", ("input", "output"), (130, 131, 132, 143)),
        ("-s fe80::/10 -m hl --hl-eq 1 ", ("input", "output"), (151, 152, 153)),
        # mobile IPv6
        ("", ("input",), (144, 145, 146, 147)),
    )
    for chain in chains
    for kind in kinds
)


def stock_before_rules(family: Family) -> str:
    """The text of a rules file that adds the stock lines to chains that exist."""
    if family is Family.IPV4:
        prefix, lines = "ufw", _EVERY_FAMILY + _INVALID + _ICMP
    else:
        prefix, lines = "ufw6", _EVERY_FAMILY + _ECHO_REPLY + _INVALID + _ICMPV6
    return f"*filter\n{lines.format(prefix=prefix)}COMMIT\n"

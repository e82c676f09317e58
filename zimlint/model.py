"""A firewall as the kernel would hold it: tables, chains, lines, matches, targets.

Invariant: values only. Nothing here reads text and nothing here decides.
Invariant: a negated match is already its complement, wherever the complement is exact.
Invariant: what was not understood stays, as ``Opaque`` or ``OpaqueTarget``.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Literal, NamedTuple

from zimlint.packets import Family, RangeSet
from zimlint.source import Source, Span
from zimlint.variants import variant

# --- matches ---------------------------------------------------------------------------------------------------


@variant
class InInterface(NamedTuple):
    """``-i eth0``, ``-i eth+``, ``! -i lo``: a final ``+`` makes a prefix (man iptables)."""

    pattern: str
    negated: bool = False


@variant
class OutInterface(NamedTuple):
    """``-o eth0``: only a routed packet has one."""

    pattern: str
    negated: bool = False


@variant
class Protocols(NamedTuple):
    """``-p tcp``: protocol numbers; in IPv6 that of the final upper layer header."""

    numbers: RangeSet


@variant
class SrcAddress(NamedTuple):
    """``-s``, ``-m iprange --src-range``."""

    addresses: RangeSet


@variant
class DstAddress(NamedTuple):
    """``-d``, ``-m iprange --dst-range``."""

    addresses: RangeSet


@variant
class SrcPorts(NamedTuple):
    """``--sport``, ``--sports``."""

    ports: RangeSet


@variant
class DstPorts(NamedTuple):
    """``--dport``, ``--dports``."""

    ports: RangeSet


@variant
class EitherPort(NamedTuple):
    """``-m multiport --ports``: the source or the destination port is one of them; negated: neither is."""

    ports: RangeSet
    negated: bool = False


@variant
class IcmpTypes(NamedTuple):
    """``--icmp-type``, ``--icmpv6-type`` as ``type << 8 | code``."""

    types: RangeSet


@variant
class TcpFlags(NamedTuple):
    """``--tcp-flags``: of the flags in ``mask`` exactly those in ``value`` are set.

    FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32.
    """

    mask: int
    value: int
    negated: bool = False


@variant
class CtState(NamedTuple):
    """``-m conntrack --ctstate``, ``-m state --state``: NEW ESTABLISHED RELATED INVALID UNTRACKED SNAT DNAT."""

    states: frozenset[str]
    negated: bool = False


@variant
class CtOriginal(NamedTuple):
    """``--ctorigsrc``, ``--ctorigdst``, ``--ctorigsrcport``, ``--ctorigdstport``, ``--ctproto``: before NAT."""

    part: Literal["src", "dst", "sport", "dport", "proto"]
    values: RangeSet


@variant
class CtDirection(NamedTuple):
    """``--ctdir``: a first packet is always ORIGINAL."""

    original: bool


@variant
class Fragment(NamedTuple):
    """``-f``: a second or later fragment, never seen where conntrack reassembles."""

    negated: bool = False


@variant
class AddrType(NamedTuple):
    """``-m addrtype --src-type/--dst-type``: the kinds the address may be of (net/netfilter/xt_addrtype.c)."""

    side: Literal["src", "dst"]
    types: frozenset[str]
    negated: bool = False


@variant
class PacketType(NamedTuple):
    """``-m pkttype``: the link-layer kind (unicast, broadcast, multicast)."""

    kind: str
    negated: bool = False


@variant
class MarkIs(NamedTuple):
    """``-m mark``/``-m connmark``: ``mark & mask == value``."""

    kind: Literal["mark", "connmark"]
    value: int
    mask: int
    negated: bool = False


@variant
class SetMatch(NamedTuple):
    """``-m set --match-set NAME src,dst``: one direction a dimension of the set."""

    name: str
    directions: tuple[str, ...]
    negated: bool = False


@variant
class Opaque(NamedTuple):
    """A match that the text alone does not settle.

    ``lone`` is its value for a lone first packet on a host at rest (``-m limit`` lets it pass, ``--rcheck`` has never
    seen its sender), None where nobody can say. ``module`` names it as in ``-m``.
    """

    module: str
    text: str
    lone: bool | None = None


Condition = (
    InInterface | OutInterface | Protocols | SrcAddress | DstAddress | SrcPorts | DstPorts | EitherPort | IcmpTypes
    | TcpFlags | CtState | CtOriginal | CtDirection | Fragment | AddrType | PacketType | MarkIs | SetMatch | Opaque
)  # fmt: skip

# --- targets ---------------------------------------------------------------------------------------------------


class Verdict(Enum):
    """What ends a packet's way through a base chain."""

    ACCEPT = "ACCEPT"
    DROP = "DROP"
    REJECT = "REJECT"


@variant
class Decide(NamedTuple):
    """``-j ACCEPT``, ``-j DROP``, ``-j REJECT``."""

    verdict: Verdict


@variant
class Jump(NamedTuple):
    """``-j CHAIN``."""

    chain: str


@variant
class Goto(NamedTuple):
    """``-g CHAIN``: no return point is recorded."""

    chain: str


@variant
class Return(NamedTuple):
    """``-j RETURN``."""


@variant
class Inert(NamedTuple):
    """A target that changes no verdict (LOG, NFLOG, TOS ...); the empty name is a line without ``-j``."""

    name: str


@variant
class SetMark(NamedTuple):
    """MARK and CONNMARK: ``mark = (mark & ~mask) ^ value``.

    ``copies`` tells ``--save-mark`` from ``--restore-mark``: ``value`` is then the mask of what is read from the other.
    """

    kind: Literal["mark", "connmark"]
    value: int
    mask: int
    copies: Literal["", "save", "restore"] = ""


@variant
class Notrack(NamedTuple):
    """NOTRACK, ``CT --notrack``: the packet's state becomes UNTRACKED."""


@variant
class Nat(NamedTuple):
    """DNAT, REDIRECT, NETMAP in PREROUTING: where the packet goes instead; SNAT: where it comes from. Accepts in nat.

    ``addresses`` None: the host itself (REDIRECT, MASQUERADE) or unchanged; ``ports`` None: unchanged.
    """

    name: str
    addresses: RangeSet | None
    ports: RangeSet | None


@variant
class Queue(NamedTuple):
    """NFQUEUE and QUEUE: a program decides. Without a listener it drops, with ``--queue-bypass`` it accepts."""

    bypass: bool


@variant
class OpaqueTarget(NamedTuple):
    """A target that we do not know: it may accept, refuse or do nothing."""

    name: str
    text: str


Target = Decide | Jump | Goto | Return | Inert | SetMark | Notrack | Nat | Queue | OpaqueTarget

# --- lines, chains, tables -------------------------------------------------------------------------------------


class FilterRule(NamedTuple):
    """One line of a chain, e.g. ``-A INPUT -p tcp --dport 25 -j ACCEPT``. All conditions must hold."""

    conditions: tuple[Condition, ...]
    target: Target
    span: Span
    comment: str | None = None


class Chain(NamedTuple):
    """A chain and its lines in order.

    ``default`` is a built-in chain's own verdict, None on a user chain; ``default_known`` is False where the input
    does not show it (plain ``ufw status``). ``span`` is where it is declared, None where it is not.
    """

    name: str
    default: Verdict | None
    rules: tuple[FilterRule, ...] = ()
    span: Span | None = None
    default_known: bool = True


class IpSet(NamedTuple):
    """A set of ``ipset save``: ``kind`` is ``hash:ip,port`` ..., entries are its ``add`` lines in order."""

    name: str
    kind: str
    family: Family
    entries: tuple[tuple[str, bool], ...]
    """The entry's text (``192.0.2.0/24,tcp:25``) and whether it is a ``nomatch`` exception."""
    span: Span


class Problem(NamedTuple):
    """A fact about an input that a check of the same id reports, with the real tool's words where it has them."""

    check: str
    message: str
    span: Span
    fatal: bool = False
    """True: the real tool would have loaded nothing of the table or file."""


class Step(NamedTuple):
    """One line (or chain default) on a packet's way, and what it did: ``accept``, ``jump CHAIN``, ``no match`` ..."""

    span: Span | None
    chain: str
    effect: str
    """Lower case: accept, drop, reject, jump NAME, goto NAME, return, log, no match, default accept ..."""


View = Literal["dump", "tree", "status", "fragment"]
"""A whole dump, an assembled /etc/ufw, the output of ``ufw status``, or one file of a tree on its own."""


class Ruleset(NamedTuple):
    """The tables of one family as one input shows them. Table name to chain name to chain; both in file order."""

    family: Family
    view: View
    source: Source
    tables: Mapping[str, Mapping[str, Chain]]
    problems: tuple[Problem, ...] = ()
    sets: Mapping[str, IpSet] = MappingProxyType({})
    unread_lines: int = 0
    """How many lines were not understood."""
    unknown: tuple[str, ...] = ()
    """Tables whose content the input hides (``Table `filter' is incompatible``)."""

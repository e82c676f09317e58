"""What ``-j NAME`` and its options do to a packet.

Invariant: a target whose effect is not known for certain is an ``OpaqueTarget``, never an ``Inert``.
"""

from __future__ import annotations

from typing import Literal

from zimlint.formats.addresses import host_address, resolved_address
from zimlint.formats.opaque import Option
from zimlint.formats.tables import Refused
from zimlint.formats.values import Unsettled, mark, number, port
from zimlint.formats.words import quote_word
from zimlint.model import (
    Decide,
    Inert,
    Nat,
    Notrack,
    OpaqueTarget,
    Queue,
    Return,
    SetMark,
    Target,
    Verdict,
)
from zimlint.packets import PORT_PROTOCOLS, TCP, Family, RangeSet

INERT_TARGETS = {
    "AUDIT": "writes an audit record",
    "CHECKSUM": "fills in the checksum",
    "CLASSIFY": "sets the queueing class",
    "CONNSECMARK": "copies a security mark",
    "DSCP": "changes a header field that no first packet's way depends on",
    "ECN": "changes a header field that no first packet's way depends on",
    "HL": "changes the hop limit",
    "HMARK": "sets a mark for routing",
    "IDLETIMER": "starts a timer",
    "LED": "lights a lamp",
    "LOG": "logs",
    "NFLOG": "logs",
    "RATEEST": "counts",
    "SECMARK": "sets a security mark",
    "SET": "adds to a set, which a dump's own sets show",
    "TCPMSS": "changes a TCP option",
    "TCPOPTSTRIP": "removes TCP options",
    "TEE": "sends a copy",
    "TOS": "changes a header field that no first packet's way depends on",
    "TRACE": "logs the way of the packet",
    "TTL": "changes the time to live",
    "ULOG": "logs",
}
"""Targets after which the next line is asked as if nothing had been, and what they do instead."""


def target(name: str, options: tuple[Option, ...], protocol: int | None, family: Family) -> Target:
    """The target of a line; ``protocol`` is the one that ``-p`` names, None where it names none."""
    match name:
        case "ACCEPT":
            return Decide(Verdict.ACCEPT)
        case "DROP":
            return Decide(Verdict.DROP)
        case "RETURN":
            return Return()
        case "REJECT":
            return _reject(options, protocol, family)
        case "QUEUE" | "NFQUEUE":
            return Queue(any(option.keyword == "--queue-bypass" for option in options))
        case "NOTRACK":
            return Notrack()
        case "CT" if any(option.keyword == "--notrack" for option in options):
            return Notrack()
        case "CT":
            return Inert(name)
        case "MARK" | "CONNMARK":
            return _mark(name, options)
        case "DNAT" | "REDIRECT" | "NETMAP" | "SNAT" | "MASQUERADE":
            return _translation(name, options, protocol, family)
        case _ if name in INERT_TARGETS:
            return Inert(name)
        case _:
            return OpaqueTarget(name, " ".join([name, *(_text(option) for option in options)]))


def _text(option: Option) -> str:
    return " ".join([option.keyword, *map(quote_word, option.values)])


_REJECT_TYPES = {
    Family.IPV4: frozenset({
        "icmp-net-unreachable", "net-unreach", "icmp-host-unreachable", "host-unreach", "icmp-proto-unreachable",
        "proto-unreach", "icmp-port-unreachable", "port-unreach", "icmp-net-prohibited", "net-prohib",
        "icmp-host-prohibited", "host-prohib", "tcp-reset", "tcp-rst", "icmp-admin-prohibited", "admin-prohib",
    }),
    Family.IPV6: frozenset({
        "icmp6-no-route", "no-route", "icmp6-adm-prohibited", "adm-prohibited", "icmp6-addr-unreachable",
        "addr-unreach", "icmp6-port-unreachable", "port-unreach", "tcp-reset", "icmp6-policy-fail", "policy-fail",
        "icmp6-reject-route", "reject-route",
    }),
}  # fmt: skip


def _reject(options: tuple[Option, ...], protocol: int | None, family: Family) -> Target:
    for option in options:
        answer = option.values[0]
        # strncasecmp with the length of what was written: a beginning is enough (libipt_REJECT.c)
        known = [kind for kind in _REJECT_TYPES[family] if kind.startswith(answer.lower())]
        if not known:
            raise Refused(f'unknown reject type "{answer}"')
        if any(kind.startswith("tcp-r") for kind in known) and protocol != TCP:
            raise Refused("RULE_APPEND failed (Invalid argument): tcp-reset needs -p tcp")
    return Decide(Verdict.REJECT)


_ALL = 0xFFFFFFFF


def _mark(name: str, options: tuple[Option, ...]) -> Target:
    kind: Literal["mark", "connmark"] = "connmark" if name == "CONNMARK" else "mark"
    read = written = _ALL
    copies = ""
    for keyword, _, values in options:
        match keyword:
            case "--set-xmark":
                value, mask = mark(values[0], keyword, name)
                return SetMark(kind, value, mask)
            case "--set-mark":
                value, mask = mark(values[0], keyword, name)
                return SetMark(kind, value, mask | value)
            case "--and-mark":
                return SetMark(kind, 0, ~_bits(name, keyword, values[0]) & _ALL)
            case "--or-mark":
                return SetMark(kind, value := _bits(name, keyword, values[0]), value)
            case "--xor-mark":
                return SetMark(kind, _bits(name, keyword, values[0]), 0)
            case "--save-mark" | "--restore-mark":
                copies = keyword[2:-5]
            case "--mask":
                read = written = _bits(name, keyword, values[0])
            case "--ctmask" if copies == "save":
                written = _bits(name, keyword, values[0])
            case "--nfmask" if copies == "restore":
                written = _bits(name, keyword, values[0])
            case "--ctmask" | "--nfmask":
                read = _bits(name, keyword, values[0])
            case _:
                return OpaqueTarget(name, " ".join([name, *map(_text, options)]))
    return SetMark("connmark", read, written, "save" if copies == "save" else "restore")


def _bits(name: str, keyword: str, text: str) -> int:
    try:
        return number(text, _ALL)
    except ValueError:
        raise Refused(f'{name}: bad integer value for option "{keyword}", or out of range.') from None


def _translation(name: str, options: tuple[Option, ...], protocol: int | None, family: Family) -> Target:
    addresses: RangeSet | None = None
    ports: RangeSet | None = None
    for keyword, _, values in options:
        match keyword:
            case "--to-destination" | "--to-source":
                addresses, ports = _addresses_and_ports(values[0], family, keyword == "--to-destination")
            case "--to-ports":
                ports = _ports(values[0], False)
            case "--to":
                addresses = resolved_address(values[0], family, keyword)
    if ports is not None and protocol not in PORT_PROTOCOLS:
        raise Refused("Need TCP, UDP, SCTP or DCCP with port specification")
    return Nat(name, addresses, ports)


def _addresses_and_ports(text: str, family: Family, shifted: bool) -> tuple[RangeSet | None, RangeSet | None]:
    """``192.0.2.1-192.0.2.9:80-90``, ``:8080``, ``[2001:db8::1]:80``, ``2001:db8::1`` (DNAT)."""
    if text.startswith("["):
        hosts, _, rest = text[1:].partition("]")
        ports = rest.removeprefix(":") if rest else None
    elif family is Family.IPV6 and text.count(":") != 1:  # with one colon it is a port (libxt_NAT.c parse_to)
        hosts, ports = text, None
    else:
        hosts, colon, rest = text.partition(":")
        ports = rest if colon else None
        if colon and family is Family.IPV6 and "-" not in hosts:
            hosts = ""  # what stands before a single colon is passed over
    if not hosts and ports is None:
        raise Refused('Bad IP address ""')
    return _address_range(hosts, family) if hosts else None, None if ports is None else _ports(ports, shifted)


def _address_range(text: str, family: Family) -> RangeSet:
    ends = [host_address(part, family) for part in text.split("-", 1)]
    if ends[0] > ends[-1]:
        raise Unsettled(text)  # it loads
    return RangeSet([(ends[0], ends[-1])])


def _ports(text: str, shifted: bool) -> RangeSet:
    """``80-90``, and for DNAT ``80-90/8080``: the port that the first of the old ones becomes."""
    plain, slash, base = text.partition("/")
    first, dash, last = plain.partition("-")
    if slash and not (shifted and dash):
        raise Refused(f"Garbage after port value: `/{base}'")
    if slash:
        _port(base)
    if not first or (dash and not last):
        raise Refused(f"Port `{last if first else first}' not valid")
    low = _port(first)
    high = _port(last) if dash else low
    if high < low:
        raise Refused(f"Port range `{last}' funky")
    return RangeSet([(low, high)])


def _port(text: str) -> int:
    try:
        return port(text)
    except Refused:
        raise Refused(f"Port `{text}' not valid") from None

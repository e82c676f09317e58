"""Packets as users write them: in words, and as JSON.

Invariant: what a report prints as a packet is read back as the same packet.
Invariant: every mistake is a ``ConfigError`` that says which word is wrong and what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from zimlint.packets import ICMP, ICMPV6, PORT_PROTOCOLS, PROTOCOL_NAMES, Family, Packet, parse_address
from zimlint.source import ConfigError

STATES = ("NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED")
SOURCE_PORT = 40000
INTERFACE = "eth0"
_KEYS = ("family", "proto", "src", "dst", "sport", "dport", "in", "state", "icmp_type", "icmp_code", "id")
_PROTOCOLS = {name: number for number, name in PROTOCOL_NAMES.items()} | {"icmpv6": ICMPV6, "icmp6": ICMPV6}
_ICMP_TYPES = {
    ICMP: {"echo-request": (8, 0), "echo-reply": (0, 0), "fragmentation-needed": (3, 4)},
    ICMPV6: {"echo-request": (128, 0), "packet-too-big": (2, 0), "neighbour-solicitation": (135, 0)},
}  # fmt: skip
_ANYWHERE = ("", "host", "any")
"""Words for an address of the host itself."""


def parse_packet(text: str) -> Packet:
    """``tcp 203.0.113.9 -> :7071 in eth0``."""
    words = text.replace(",", " ").replace("->", " -> ").replace("→", " -> ").split()
    if len(words) < 3 or words[2] != "->":
        _wrong(f"packet '{text}': expected 'PROTOCOL SOURCE -> TARGET', e.g. 'tcp 203.0.113.9 -> :7071 in eth0'")
    fields: dict[str, object] = {"proto": words[0]}
    fields["src"], fields["sport"] = _endpoint(words[1])
    rest = words[3:]
    if rest and rest[0] not in ("in", "on", "type") and rest[0].upper() not in STATES:
        fields["dst"], fields["dport"] = _endpoint(rest.pop(0))
    while rest:
        word = rest.pop(0)
        if word in ("in", "on", "type"):
            if not rest:
                _wrong(f"packet '{text}': a word is missing after '{word}'")
            fields["icmp_type" if word == "type" else "in"] = rest.pop(0)
        elif word.upper() in STATES:
            fields["state"] = word
        else:
            _wrong(
                f"packet '{text}': '{word}' is neither 'in INTERFACE', 'type N' nor one of {', '.join(STATES).lower()}"
            )
    return packet_of({key: value for key, value in fields.items() if value not in (None, "")})


def packet_of(fields: Mapping[str, object]) -> Packet:
    """A packet from the fields of a JSON object; null is as good as absent."""
    given = {key: value for key, value in fields.items() if value is not None}
    for key in given:
        if key not in _KEYS:
            _wrong(f"'{key}' is no field of a packet, expected {', '.join(_KEYS)}")
    protocol = _protocol(given.get("proto"))
    family = _family(given, protocol)
    state = str(given.get("state", "NEW")).upper()
    if state not in STATES:
        _wrong(f"state '{given['state']}': expected one of {', '.join(STATES)}")
    interface = given.get("in", INTERFACE)
    if not isinstance(interface, str) or not interface:
        _wrong(f"in '{interface}': expected the name of an interface")
    if "src" not in given:
        _wrong("src is missing: expected the address that the packet comes from")
    destination = None if given.get("dst", "") in _ANYWHERE else _address("dst", given["dst"], family)
    source_port, destination_port = SOURCE_PORT, 0
    if protocol in PORT_PROTOCOLS:
        if "dport" not in given:
            _wrong("dport is missing: expected the port that the packet goes to, e.g. ':7071'")
        source_port = _number("sport", given.get("sport", SOURCE_PORT), 65535)
        destination_port = _number("dport", given["dport"], 65535)
    elif "dport" in given or "sport" in given:
        _wrong(f"protocol {given['proto']} has no ports")
    elif protocol in (ICMP, ICMPV6):
        destination_port = _icmp(protocol, given)
    return Packet(
        family,
        protocol,
        _address("src", given["src"], family),
        source_port,
        destination,
        destination_port,
        interface,
        state,
    )


def _wrong(message: str) -> NoReturn:
    raise ConfigError(message)


def _endpoint(word: str) -> tuple[str, str]:
    """``192.0.2.1:25``, ``[2001:db8::1]:25``, ``:25`` or an address as address and port."""
    if word.startswith("["):
        address, closed, port = word[1:].partition("]")
        if not closed or (port and not port.startswith(":")):
            _wrong(f"'{word}': expected [ADDRESS]:PORT")
        return address, port[1:]
    if word.count(":") > 1:
        return word, ""
    address, _, port = word.partition(":")
    return address, port


def _protocol(value: object) -> int:
    if value is None:
        _wrong("proto is missing: expected tcp, udp, icmp, icmpv6 or a number")
    name = str(value).lower()
    if name in _PROTOCOLS:
        return _PROTOCOLS[name]
    if isinstance(value, bool) or not (name.isascii() and name.isdigit() and len(name) < 4 and int(name) < 256):
        _wrong(f"protocol '{value}': expected tcp, udp, icmp, icmpv6 or a number up to 255")
    return int(name)


def _family(given: Mapping[str, object], protocol: int) -> Family:
    """As it is given, else as the addresses say, else as the protocol says."""
    if "family" in given:
        names = {"ipv4": Family.IPV4, "ipv6": Family.IPV6, "4": Family.IPV4, "6": Family.IPV6}
        name = str(given["family"]).lower()
        if name not in names:
            _wrong(f"family '{given['family']}': expected ipv4 or ipv6")
        return names[name]
    for key in ("src", "dst"):
        if key in given and given[key] not in _ANYWHERE:
            return Family.IPV6 if ":" in str(given[key]) else Family.IPV4
    return Family.IPV6 if protocol == ICMPV6 else Family.IPV4


def _address(key: str, value: object, family: Family) -> int:
    try:
        found, number = parse_address(str(value))
    except ValueError:
        _wrong(f"{key} '{value}': expected an address")
    if found is not family:
        _wrong(f"{key} '{value}' is no {family.title} address, as the rest of the packet is")
    return number


def _number(key: str, value: object, top: int) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 7 and int(text) <= top):
        _wrong(f"{key} '{value}': expected a number from 0 to {top}")
    return int(text)


def _icmp(protocol: int, given: Mapping[str, object]) -> int:
    names = _ICMP_TYPES[protocol]
    word = str(given.get("icmp_type", "echo-request"))
    if word in names:
        kind, code = names[word]
    else:
        first, _, second = word.partition("/")
        kind, code = _number("icmp_type", first, 255), _number("icmp_type", second or 0, 255)
    if "icmp_code" in given:
        code = _number("icmp_code", given["icmp_code"], 255)
    return kind << 8 | code

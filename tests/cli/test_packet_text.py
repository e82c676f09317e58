"""Packets as users write them."""

from __future__ import annotations

import json
import re

import pytest

from zimlint.cli.packet_text import packet_of, parse_packet
from zimlint.packets import Family, Packet, parse_address
from zimlint.reporters.json_report import packet_object
from zimlint.source import ConfigError

CLIENT = 0xCB007109  # 203.0.113.9


def v6(text: str) -> int:
    return parse_address(text)[1]


@pytest.mark.parametrize(
    ("words", "packet"),
    [
        ("tcp 203.0.113.9 -> :7071 in eth0", Packet(Family.IPV4, 6, CLIENT, 40000, None, 7071, "eth0")),
        ("TCP 203.0.113.9->:25", Packet(Family.IPV4, 6, CLIENT, 40000, None, 25, "eth0")),
        ("tcp 203.0.113.9 → :25 on ens3", Packet(Family.IPV4, 6, CLIENT, 40000, None, 25, "ens3")),
        (
            "udp 203.0.113.9:53 -> 192.0.2.1:11211 in wg0 established",
            Packet(Family.IPV4, 17, CLIENT, 53, 0xC0000201, 11211, "wg0", "ESTABLISHED"),
        ),
        (
            "tcp [2001:db8::9]:40000 -> [2001:db8::1]:25",
            Packet(Family.IPV6, 6, v6("2001:db8::9"), 40000, v6("2001:db8::1"), 25, "eth0"),
        ),
        ("tcp 2001:db8::9 -> :25", Packet(Family.IPV6, 6, v6("2001:db8::9"), 40000, None, 25, "eth0")),
        ("icmp 203.0.113.9 -> type 8", Packet(Family.IPV4, 1, CLIENT, 40000, None, 8 << 8, "eth0")),
        (
            "icmp 203.0.113.9 -> host type 3/4 RELATED",
            Packet(Family.IPV4, 1, CLIENT, 40000, None, 772, "eth0", "RELATED"),
        ),
        ("icmp 203.0.113.9 -> host", Packet(Family.IPV4, 1, CLIENT, 40000, None, 8 << 8, "eth0")),
        ("icmpv6 fe80::1 -> host", Packet(Family.IPV6, 58, v6("fe80::1"), 40000, None, 128 << 8, "eth0")),
        ("47 203.0.113.9 -> 192.0.2.1 in lo", Packet(Family.IPV4, 47, CLIENT, 40000, 0xC0000201, 0, "lo")),
    ],
)
def test_words(words: str, packet: Packet) -> None:
    assert parse_packet(words) == packet


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "expected 'PROTOCOL SOURCE -> TARGET'"),
        ("tcp 203.0.113.9 :25", "expected 'PROTOCOL SOURCE -> TARGET'"),
        ("tpc 203.0.113.9 -> :25", "protocol 'tpc': expected tcp, udp"),
        ("tcp 203.0.113.900 -> :25", "src '203.0.113.900': expected an address"),
        ("tcp 203.0.113.9 -> :99999", "dport '99999': expected a number from 0 to 65535"),
        ("tcp 203.0.113.9 -> 192.0.2.1", "dport is missing"),
        ("tcp 203.0.113.9 -> :25 in", "a word is missing after 'in'"),
        ("tcp 203.0.113.9 -> :25 old", "'old' is neither 'in INTERFACE', 'type N' nor one of new, established"),
        ("tcp 203.0.113.9 -> [2001:db8::1]:25", "dst '2001:db8::1' is no IPv4 address"),
        ("tcp [2001:db8::9:1 -> :25", "expected [ADDRESS]:PORT"),
        ("gre 203.0.113.9 -> :25", "protocol gre has no ports"),
        ("icmp 203.0.113.9 -> host type 300", "icmp_type '300': expected a number from 0 to 255"),
    ],
)
def test_mistakes_name_the_word(words: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        parse_packet(words)


def test_json_fields_and_their_defaults() -> None:
    packet = packet_of({"family": "ipv6", "proto": "tcp", "src": "2001:db8::9", "dport": 25, "id": 7, "dst": None})
    assert packet == Packet(Family.IPV6, 6, v6("2001:db8::9"), 40000, None, 25, "eth0")
    icmp = packet_of({"proto": "icmpv6", "src": "fe80::1", "icmp_type": 135, "in": "ens3"})
    assert icmp == Packet(Family.IPV6, 58, v6("fe80::1"), 40000, None, 135 << 8, "ens3")


@pytest.mark.parametrize(
    "fields",
    [
        {"proto": "tcp", "src": "203.0.113.9", "dport": 25, "port": 1},
        {"proto": "tcp", "src": "203.0.113.9", "dport": True},
        {"proto": "tcp", "src": "203.0.113.9", "dport": 2.5},
        {"proto": "tcp", "src": 5, "dport": 25},
        {"proto": "tcp", "dport": 25},
        {"proto": "tcp", "src": "203.0.113.9", "dport": 25, "in": 0},
        {"proto": "tcp", "src": "203.0.113.9", "dport": 25, "state": "OLD"},
        {"proto": 256, "src": "203.0.113.9"},
        {"proto": "tcp", "src": "203.0.113.9", "dport": 25, "family": "ipx"},
        {"proto": "tcp", "src": "2001:db8::1", "dport": 25, "family": "ipv4"},
        {"src": "203.0.113.9", "dport": 25},
        {"proto": [], "src": {}, "dport": 25},
    ],
)
def test_wrong_json_fields_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        packet_of(fields)


@pytest.mark.parametrize(
    "words", ["udp 203.0.113.9:53 -> :11211 in eth1", "icmp 203.0.113.9 -> host type 3/4", "esp fe80::1 -> host"]
)
def test_a_packet_of_a_report_is_read_back_as_the_same_packet(words: str) -> None:
    packet = parse_packet(words)
    assert packet_of(json.loads(json.dumps(packet_object(packet)))) == packet

"""Packets, paths and foreign text in words."""

from __future__ import annotations

import pytest

from zimlint.cli.packet_text import parse_packet
from zimlint.model import Step
from zimlint.packets import Family, Packet
from zimlint.reporters.words import escaped, packet_words, path_words
from zimlint.source import Source, Span

HERE = Source("mail1/rules.v4", "\n" * 30)
OTHER = Source("mail1/ufw/user.rules", "\n" * 30)


def step(line: int, chain: str, effect: str, source: Source = HERE) -> Step:
    return Step(Span(source, line), chain, effect)


def test_escaped_leaves_nothing_that_moves_a_cursor() -> None:
    assert escaped("a\nb\tc\x1b[31m\x9b\u202e\u2028\udcff\x7f é 漢") == (
        "a\\nb\\tc\\x1b[31m\\x9b\\u202e\\u2028\\xff\\x7f é 漢"
    )


@pytest.mark.parametrize(
    "words",
    [
        "tcp 203.0.113.9 -> :7071, new, on eth0",
        "udp 203.0.113.9:53 -> 192.0.2.1:11211, established, on ens3.10",
        "tcp [2001:db8::9]:53 -> [2001:db8::1]:25, untracked, on lo",
        "tcp 2001:db8::9 -> :25, new, on eth0",
        "icmp 203.0.113.9 -> host, type 8, new, on eth0",
        "icmpv6 fe80::1 -> 2001:db8::1, type 1/4, new, on eth0",
        "gre 203.0.113.9 -> host, new, on eth0",
        "99 2001:db8::9 -> host, invalid, on eth0",
    ],
)
def test_a_packet_in_words_is_read_back_as_the_same_packet(words: str) -> None:
    assert packet_words(parse_packet(words)) == words


def test_a_packet_in_words_names_only_what_is_unusual() -> None:
    packet = Packet(Family.IPV4, 6, 0xCB007109, 40000, None, 25, "eth0")
    assert packet_words(packet) == "tcp 203.0.113.9 -> :25, new, on eth0"


def test_path_takes_lines_that_do_not_match_together() -> None:
    path = (
        *(step(line, "INPUT", "no match") for line in range(9, 14)),
        step(14, "INPUT", "accept"),
    )
    assert path_words(path, HERE) == "INPUT lines 9-13 no match, line 14 ACCEPT"
    assert path_words(path[-2:], HERE) == "INPUT line 13 no match, line 14 ACCEPT"


def test_path_names_chains_entered_and_other_files() -> None:
    path = (
        step(4, "INPUT", "jump web"),
        step(20, "web", "no match", OTHER),
        step(21, "web", "accept", OTHER),
    )
    assert path_words(path, HERE) == "INPUT line 4 jump web, web user.rules:20 no match, user.rules:21 ACCEPT"


def test_path_leaves_out_a_called_chain_that_changed_nothing() -> None:
    path = (
        step(4, "INPUT", "jump outer"),
        step(10, "outer", "no match"),
        step(11, "outer", "jump inner"),
        step(15, "inner", "log"),
        step(16, "inner", "return"),
        step(12, "outer", "no match"),
        step(5, "INPUT", "accept"),
    )
    assert path_words(path, HERE) == "INPUT line 4 jump outer and back, line 5 ACCEPT"


def test_path_takes_lines_without_effect_together() -> None:
    path = (
        step(4, "INPUT", "no match"),
        step(5, "INPUT", "jump empty"),
        step(6, "INPUT", "jump empty"),
        step(1, "INPUT", "default drop"),
    )
    assert path_words(path, HERE) == "INPUT lines 4-6 without effect, default DROP"


def test_path_keeps_a_called_chain_that_set_a_mark() -> None:
    path = (
        step(4, "INPUT", "jump outer"),
        step(11, "outer", "jump inner"),
        step(15, "inner", "set mark 0x1"),
        step(5, "INPUT", "accept"),
    )
    assert path_words(path, HERE) == (
        "INPUT line 4 jump outer, outer line 11 jump inner, inner line 15 set mark 0x1, INPUT line 5 ACCEPT"
    )

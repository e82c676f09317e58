"""The smallest lines of which zimlint once said something else than the real iptables-restore, found by mutation."""

from __future__ import annotations

import pytest

from zimlint.formats.iptables_save import read_iptables_save
from zimlint.model import (
    Condition,
    CtOriginal,
    DstPorts,
    FilterRule,
    InInterface,
    MarkIs,
    Opaque,
    Problem,
    Protocols,
    SrcAddress,
)
from zimlint.packets import Family, RangeSet, network
from zimlint.source import Source

TCP = Protocols(RangeSet([(6, 6)]))
UDP = Protocols(RangeSet([(17, 17)]))
_ALL = 0xFFFFFFFF
PORT_25 = DstPorts(RangeSet([(25, 25)]))

TAKEN: list[tuple[str, tuple[Condition, ...]]] = [
    ("-A INPUT -s 010.1.1.1", (SrcAddress(network("8.1.1.1")[1]),)),
    ("-A INPUT -s 198.51.0100.0/24", (SrcAddress(network("198.51.64.0/24")[1]),)),
    ("-A INPUT -s 10.0.0.0/010", (SrcAddress(network("10.0.0.0/8")[1]),)),
    ("-A INPUT -s 10.1.0.0/255.255.0x0.0", (SrcAddress(network("10.1.0.0/16")[1]),)),
    ("-AINPUT -s 10.0.0.1", (SrcAddress(network("10.0.0.1")[1]),)),
    ("-A INPUT -ieth0", (InInterface("eth0"),)),
    (":LOG - [0:0]\n-A INPUT -ieth0", (InInterface("eth0"),)),
    ("-A INPUT -m mark --mark 1 -m mark --mark 2", (MarkIs("mark", 1, _ALL), MarkIs("mark", 2, _ALL))),
    (
        "-A INPUT -m mark --mark 1 -m connmark --mark 2 -m connmark --mark 3",
        (MarkIs("mark", 1, _ALL), MarkIs("connmark", 2, _ALL), MarkIs("connmark", 3, _ALL)),
    ),
    ("-A INPUT -p 006 --dport 25", (TCP, PORT_25)),
    ("-A INPUT -p 0x6 -mtcp --dport 25", (TCP, PORT_25)),
    ("[a:] -A INPUT -p tcp", (TCP,)),
    ("-A INPUT -s any/0 -p tcp", (TCP,)),
    ("-A INPUT -m ecn ! --ecn-ip-ect 1 -p tcp", (TCP, Opaque("ecn", "! --ecn-ip-ect 1"))),
    ("-A INPUT -s 443", (SrcAddress(network("0.0.1.187")[1]),)),
    ("-A INPUT -s 8.1.300", (SrcAddress(network("8.1.1.44")[1]),)),
    ("-A INPUT -s +8.1.1.1/+16", (SrcAddress(network("8.1.0.0/16")[1]),)),
    ("-A INPUT -m iprange --src-range 010.1.1.1-010.1.1.1", (SrcAddress(network("8.1.1.1")[1]),)),
    ("-A INPUT -m conntrack --ctorigsrc 10/8", (CtOriginal("src", network("0.0.0.0/8")[1]),)),
    ("-A INPUT -m conntrack --ctorigsrc 10.1.1.1/010", (CtOriginal("src", network("10.0.0.0/8")[1]),)),
    ("-A INPUT -m conntrack --ctorigsrc 10.1.1.1/33", (CtOriginal("src", network("10.1.1.1")[1]),)),
    ("-A INPUT -m conntrack --ctorigsrc 10.1.1.1/255.0.255.0", (CtOriginal("src", network("10.1.1.1")[1]),)),
    ("-A INPUT -p tcp --dport 031", (TCP, PORT_25)),
    ("-A INPUT -p udp --dport 025", (UDP, PORT_25)),
    ("-A INPUT -p udp --dport 65561", (UDP, PORT_25)),
    ("-A INPUT -p udp --dport 080:0138", (UDP, DstPorts(RangeSet([(80, 138)])))),
    ("-A INPUT -p udp -m multiport --dports 031", (UDP, PORT_25)),
    ("-A INPUT -m conntrack --ctorigdstport 080", (CtOriginal("dport", RangeSet([(80, 80)])),)),
    ("-A INPUT -p dccp --dport 80:25", (Protocols(RangeSet([(33, 33)])), DstPorts(RangeSet()))),
    ("-I INPUT 0x1 -p tcp", (TCP,)),
    ("-A INPUT -p udp --dport 80:25", (UDP, DstPorts(RangeSet()))),
    ("-A INPUT -i eth0\r", (InInterface("eth0\r"),)),
    ("-A INPUT -m comment --comment mail\r", ()),
    (":OUTPUT ACCEPT [0:0]\r\n-A INPUT -p tcp", (TCP,)),
    ("-Z INPUT\n-A INPUT -p tcp", (TCP,)),
    ("-A INPUT -p tcp --", (TCP,)),
    ("-A INPUT -s 10.0.0.1 -6 --foo\n-A INPUT -p tcp", (TCP,)),
    ("-A INPUT -m multiport -6\n-A INPUT -p tcp", (TCP,)),
    ("-A INPUT -p tcp\n-C INPUT -p tcp", (TCP,)),
]


@pytest.mark.parametrize(("lines", "expected"), TAKEN)
def test_what_the_tool_takes(lines: str, expected: tuple[Condition, ...]) -> None:
    rules, problems = _read(lines)
    assert not problems
    (rule,) = rules
    assert rule.conditions == expected


REFUSED = [
    ("-A INPUT -p tcp --syn --tcp-flags ALL SYN", "Only one of `--syn' or `--tcp-flags'  allowed"),
    (":DROP - [0:0]", "chain name may not clash with target name"),
    ("-N LOG", "chain name may not clash with target name"),
    (
        "-A INPUT -m connmark --mark 1 -m mark --mark 2 -m connmark --mark 3",
        'mark: option "--mark" can only be used once.',
    ),
    ("-A INPUT -s 198.51.08.0", "host/network `198.51.08.0' not found"),
    ("-A INPUT -s 10.0.0.0/08", "invalid mask `08' specified"),
    ("-A INPUT -s 10.0.0.0/255.255", "invalid mask `255.255' specified"),
    ("-A INPUT -s -p tcp", "host/network `-p' not found"),
    ("-A INPUT\u00a0-j ACCEPT", "Bad argument `ACCEPT'"),
    ("-A INPUT -p tcp\u00a0-j ACCEPT", 'unknown protocol "tcp\u00a0-j" specified'),
    ("-A INPUT\v-j ACCEPT", "Bad argument `ACCEPT'"),
    ('-A INPUT -m comment --comment "mail"\r', "Bad argument `\r'"),
    ("\r", "line 2 ends in CR LF: Bad argument `\\r'"),
    (":OUTPUT DROP\r", "Can't set policy `DROP\r' on `OUTPUT' line 2: Bad policy name"),
    ("-Z NOWHERE", "Bad built-in chain name."),
    ("-Z INPUT x", "Invalid rule number `x'"),
    ("-C INPUT -j ACCEPT", "Bad rule (does a matching rule exist in that chain?)."),
    ("-A INPUT -p tcp --dport 080", "invalid port/service `080' specified"),
    ("-A INPUT -p udp --dport 0x19", 'Port "0x19" does not resolve to anything.'),
    ("-A INPUT -p udp --dport -1", 'Port "-1" does not resolve to anything.'),
    ("-A INPUT ! -s 0/0", "RULE_APPEND failed (Invalid argument): no address is left"),
    ("-A INPUT -s 1.2.3.999", "host/network `1.2.3.999' not found"),
    ("-A INPUT -p tcp -j -A --state DROP", 'unknown option "--state"'),
    ("-I INPUT 4294967297", "Invalid rule number `4294967297'"),
    ("-Z INPUT 1", "No chain/target/match by that name."),
    (":mine -\n-A INPUT -p tcp -g mine --icmp-type 8", 'unknown option "--icmp-type"'),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "words"), REFUSED)
def test_what_the_tool_refuses(lines: str, words: str) -> None:
    rules, problems = _read(lines)
    assert not rules
    assert [(problem.message, problem.fatal) for problem in problems] == [(words, True)]


VALUES = [
    ("-A INPUT -p tcp -- -j ACCEPT", "unknown arguments found on commandline"),
    ("-A INPUT --foo -6", 'unknown option "--foo"'),
    ("-A INPUT -m length --length 1:70000", 'length: bad value for option "--length", or out of range.'),
    ("-A INPUT -m limit --limit 5/week", 'limit: bad value for option "--limit", or out of range.'),
    ("-A INPUT -m limit --limit 10001/s", 'limit: bad value for option "--limit", or out of range.'),
    ("-A INPUT -m recent --set --name a/b", 'recent: bad value for option "--name", or out of range.'),
    ("-A INPUT -m recent --set --reap", 'recent: option "--reap" also requires "--seconds".'),
    ("-A INPUT -m ttl --ttl-eq 1 --ttl-gt 1", 'ttl: option "--ttl-eq" cannot be used together with "--ttl-gt".'),
    ("-A INPUT -m time --weekdays mon", 'time: bad value for option "--weekdays", or out of range.'),
    ("-A INPUT -m statistic --mode nth --every 3 --packet 3", "statistic: the --packet p must be 0 <= p <= n-1"),
    ("-A INPUT -p tcp -m tcpmss --mss 2:1", 'tcpmss: bad value for option "--mss", or out of range.'),
    ("-A INPUT -m statistic ! --mode random --probability 0.5", 'statistic: option "--mode" cannot be inverted.'),
    ("-A INPUT -m ecn --ecn-tcp-cwr", "RULE_APPEND failed (Invalid argument): ecn needs another -p"),
    ("-A INPUT -m connlabel --label 65515", 'connlabel: bad value for option "--label", or out of range.'),
    ("-A INPUT -m ttl ! --ttl-gt 64", 'ttl: option "--ttl-gt" cannot be inverted.'),
    ("-A INPUT -m recent --set y", "Bad argument behind --set, which takes none"),
    ("-A INPUT -j CONNMARK --left-shift-mark 3", "CONNMARK target: No operation specified"),
    ("-A INPUT -p ah -m ah --ahlen 5", 'unknown option "--ahlen"'),
    ("-A INPUT -j LOG --log-level warn", 'LOG: bad value for option "--log-level", or out of range.'),
    ("-A INPUT -j NFQUEUE --queue-balance 6:6", 'NFQUEUE: bad value for option "--queue-balance", or out of range.'),
    ("-A INPUT -j NFQUEUE --queue-balance 5", 'NFQUEUE: bad value for option "--queue-balance", or out of range.'),
    ("-A INPUT -m physdev --physdev-in sixteen-letters-x", "interface name `sixteen-letters-x' must be shorter than "
     "IFNAMSIZ (15)"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "words"), VALUES)
def test_values_of_what_is_not_evaluated(line: str, words: str) -> None:
    """No verdict is read from them, and a file with a wrong one loads as little as with any other fault."""
    rules, problems = _read(line)
    assert not rules
    assert [(problem.message, problem.fatal) for problem in problems] == [(words, True)]


def test_a_zone_is_a_number() -> None:
    _, problems = _read("-A PREROUTING -j CT --zone -1", "raw")
    assert [problem.message for problem in problems] == ['CT: bad value for option "--zone", or out of range.']


def test_a_segment_is_only_clamped_where_a_path_is_known() -> None:
    _, problems = _read("-A PREROUTING -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu", "mangle")
    assert [problem.fatal for problem in problems] == [True]
    _, problems = _read("-A FORWARD -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu", "mangle")
    assert problems == ()


def test_a_field_for_congestion_needs_no_protocol() -> None:
    """Only those of the TCP header do."""
    _, problems = _read("-A PREROUTING -j ECN --ecn-ip-ect 1", "mangle")
    assert problems == ()


TABLES = [
    ("*filter \r", None),
    ("*filter x\r", None),
    ("*filter\r ", "table name 'filter\r' invalid"),
    ("*filter\r", "line 1 ends in CR LF: table name 'filter\\r' invalid"),
    ("* filter", None),
]


@pytest.mark.parametrize(("line", "words"), TABLES)
def test_the_name_of_a_table_ends_at_a_blank_alone(line: str, words: str | None) -> None:
    ruleset = read_iptables_save(Source("rules.v4", f"{line}\n-A INPUT -j ACCEPT\nCOMMIT\n"), Family.IPV4)
    assert [problem.message for problem in ruleset.problems][:1] == ([] if words is None else [words])


NAT_REFUSED = [
    ("POSTROUTING -j SNAT --to-source 192.0.2.1:80", "Need TCP, UDP, SCTP or DCCP with port specification"),
    ("POSTROUTING -j MASQUERADE --to-ports 80", "Need TCP, UDP, SCTP or DCCP with port specification"),
    ("POSTROUTING -j SNAT --to-source 192.0.2", 'Bad IP address "192.0.2"'),
    ("PREROUTING -p tcp -j DNAT --to-destination 010.0.0.1", 'Bad IP address "010.0.0.1"'),
    ("PREROUTING -p tcp -j REDIRECT --to-ports 80-70", "Port range `70' funky"),
]


@pytest.mark.parametrize(("line", "words"), NAT_REFUSED)
def test_translations_that_the_tool_refuses(line: str, words: str) -> None:
    _, problems = _read(f"-A {line}", "nat")
    assert [problem.message for problem in problems] == [words]


def test_the_end_of_a_file_without_commit_is_where_the_tool_sees_it() -> None:
    for text, number in (("*filter\n-A INPUT -j ACCEPT\n", 3), ("*filter\n-A INPUT -j ACCEPT", 3)):
        ruleset = read_iptables_save(Source("rules.v4", text), Family.IPV4)
        assert [problem.message for problem in ruleset.problems] == [f"COMMIT expected at line {number}"]


def _read(lines: str, table: str = "filter") -> tuple[tuple[FilterRule, ...], tuple[Problem, ...]]:
    ruleset = read_iptables_save(Source("rules.v4", f"*{table}\n{lines}\nCOMMIT\n"), Family.IPV4)
    chain = ruleset.tables[table].get("INPUT")
    return chain.rules if chain else (), ruleset.problems


def test_a_protocol_by_its_short_name_serves_multiport() -> None:
    """``--proto tcp -m multiport`` loads; only behind ``-m policy`` is ``--proto`` something else."""
    line = "-A INPUT --proto tcp -m multiport --dports 25,443 -j ACCEPT\n"
    ruleset = read_iptables_save(Source("rules.v4", f"*filter\n:INPUT DROP [0:0]\n{line}COMMIT\n"))
    assert ruleset.problems == ()


@pytest.mark.parametrize("counters", ["-c 1 2", "--set-counters 1 2", "-c 1x 2y", "-c 0x5 2"])
def test_counters_that_are_numbers_load(counters: str) -> None:
    """Nothing is done with them."""
    line = f"-A INPUT -p tcp {counters} -j ACCEPT\n"
    ruleset = read_iptables_save(Source("rules.v4", f"*filter\n:INPUT DROP [0:0]\n{line}COMMIT\n"))
    assert ruleset.problems == ()


@pytest.mark.parametrize(
    ("counters", "message"), [("-c a b", "packet"), ("-c 1 x", "byte"), ("--set-counters -j ACCEPT", "packet")]
)
def test_counters_that_are_no_numbers_do_not(counters: str, message: str) -> None:
    """In the tool's words."""
    line = f"-A INPUT -p tcp {counters} -j ACCEPT\n"
    ruleset = read_iptables_save(Source("rules.v4", f"*filter\n:INPUT DROP [0:0]\n{line}COMMIT\n"))
    assert [problem.message for problem in ruleset.problems] == [f"-c {message} counter not numeric"]

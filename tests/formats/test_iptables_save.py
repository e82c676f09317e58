"""iptables-save files: text in, rules out. What is refused, and the words, was seen on iptables 1.8.9."""

from __future__ import annotations

import pytest

from zimlint.formats.iptables_save import guess_family, load_rules, read_iptables_save
from zimlint.formats.tables import TableStore
from zimlint.model import (
    AddrType,
    Chain,
    Condition,
    CtOriginal,
    CtState,
    Decide,
    DstAddress,
    DstPorts,
    EitherPort,
    FilterRule,
    Goto,
    IcmpTypes,
    Inert,
    InInterface,
    Jump,
    MarkIs,
    Nat,
    Notrack,
    Opaque,
    OpaqueTarget,
    Problem,
    Protocols,
    Queue,
    SetMark,
    SetMatch,
    SrcAddress,
    SrcPorts,
    Target,
    TcpFlags,
    Verdict,
)
from zimlint.packets import Family, RangeSet, network
from zimlint.source import Source

ACCEPT, DROP, REJECT = Decide(Verdict.ACCEPT), Decide(Verdict.DROP), Decide(Verdict.REJECT)


def ranges(*pairs: int | tuple[int, int]) -> RangeSet:
    return RangeSet(pair if isinstance(pair, tuple) else (pair, pair) for pair in pairs)


def addresses(text: str) -> RangeSet:
    return network(text)[1]


def read(text: str, family: Family = Family.IPV4) -> tuple[dict[str, dict[str, Chain]], tuple[Problem, ...]]:
    ruleset = read_iptables_save(Source("rules", text), family)
    return {table: dict(chains) for table, chains in ruleset.tables.items()}, ruleset.problems


def lines(text: str, table: str = "filter", family: Family = Family.IPV4) -> tuple[FilterRule, ...]:
    """The rules that lines give, in the chain of the first; nothing may be wrong with them."""
    tables, problems = read(f"*{table}\n:user - [0:0]\n{text}\nCOMMIT\n", family)
    assert not problems, problems
    chain = next(word for word in text.split() if word in ("INPUT", "user"))
    return tables[table][chain].rules


def conditions(options: str, family: Family = Family.IPV4) -> tuple[Condition, ...]:
    (rule,) = lines(f"-A INPUT {options} -j ACCEPT", family=family)
    return rule.conditions


def target(options: str, table: str = "filter", family: Family = Family.IPV4) -> Target:
    (rule,) = lines(f"-A user {options}", table, family)
    return rule.target


def refusal(line: str, table: str = "filter", family: Family = Family.IPV4) -> str:
    """What is said to a line; its neighbour survives."""
    tables, problems = read(f"*{table}\n:user - [0:0]\n{line}\n-A user -p tcp\nCOMMIT\n", family)
    assert len(tables[table]["user"].rules) == 1
    (problem,) = problems
    assert problem.fatal
    assert problem.span.line == 3
    return problem.message


# --- options ---------------------------------------------------------------------------------------------------

MATCHES: list[tuple[str, tuple[Condition, ...]]] = [
    ("-s 192.0.2.0/24", (SrcAddress(addresses("192.0.2.0/24")),)),
    ("--source 192.0.2.7/255.255.255.0", (SrcAddress(addresses("192.0.2.0/24")),)),
    ("-d 10/8", (DstAddress(addresses("10.0.0.0/8")),)),
    ("-s 0/0", ()),
    ("! --dst 192.0.2.1", (DstAddress(ranges((0, 0xC0000200), (0xC0000202, 0xFFFFFFFF))),)),
    ("-i eth+", (InInterface("eth+"),)),
    ("! -i lo", (InInterface("lo", negated=True),)),
    ("-i +", ()),
    ("! -i +", (Protocols(RangeSet()),)),
    ("-p TCP", (Protocols(ranges(6)),)),
    ("-p 6 --dport smtp", (Protocols(ranges(6)), DstPorts(ranges(25)))),
    ("-p all", ()),
    ("! -p tcp", (Protocols(ranges((0, 5), (7, 255))),)),
    ("-p tcp --dport=1024:", (Protocols(ranges(6)), DstPorts(ranges((1024, 65535))))),
    ("-p udp -m udp ! --sport :53", (Protocols(ranges(17)), SrcPorts(ranges((54, 65535))))),
    ("--proto=6 --dp=25 --sp=1:", (Protocols(ranges(6)), DstPorts(ranges(25)), SrcPorts(ranges((1, 65535))))),
    ("--protocol tcp --destination-por 25", (Protocols(ranges(6)), DstPorts(ranges(25)))),
    ('-p "tcp" "--dport" "0x19"', (Protocols(ranges(6)), DstPorts(ranges(25)))),
    ("-p tcp -m multiport --dports 25,465,1000:2000", (Protocols(ranges(6)), DstPorts(ranges(25, 465, (1000, 2000))))),
    ("-p tcp -m multiport --dport 25,465", (Protocols(ranges(6)), DstPorts(ranges(25, 465)))),
    ("-p tcp -m multiport ! --ports 25", (Protocols(ranges(6)), EitherPort(ranges(25), negated=True))),
    ("-p tcp ! --syn", (Protocols(ranges(6)), TcpFlags(23, 2, negated=True))),
    ("-p tcp --tcp-flags ALL SYN,ack", (Protocols(ranges(6)), TcpFlags(63, 18))),
    ("-p icmp --icmp-type 3/4", (Protocols(ranges(1)), IcmpTypes(ranges(0x304)))),
    ("-p icmp --icmp-type echo-req", (Protocols(ranges(1)), IcmpTypes(ranges((0x800, 0x8FF))))),
    ("-p icmp --icmp-type any", (Protocols(ranges(1)),)),
    ("-m state --state RELATED,ESTABLISHED", (CtState(frozenset({"RELATED", "ESTABLISHED"})),)),
    ("-m conntrack ! --ctstate new,dnat", (CtState(frozenset({"NEW", "DNAT"}), negated=True),)),
    ("-m conntrack --ctorigdstport 8080", (CtOriginal("dport", ranges(8080)),)),
    ("-m iprange --src-range 192.0.2.1-192.0.2.9", (SrcAddress(ranges((0xC0000201, 0xC0000209))),)),
    ("-m mark --mark 0x1/0x3", (MarkIs("mark", 1, 3),)),
    ("-m connmark ! --mark 7", (MarkIs("connmark", 7, 0xFFFFFFFF, negated=True),)),
    ("-m addrtype --dst-type LOCAL", (AddrType("dst", frozenset({"LOCAL"})),)),
    ("-m set ! --match-set bad src,dst", (SetMatch("bad", ("src", "dst"), negated=True),)),
    ("-m comment --comment --dport", ()),
    (
        "-p tcp -m tcp --dport 25 -m tcp --dport 26",
        (Protocols(ranges(6)), DstPorts(ranges(25)), DstPorts(ranges(26))),
    ),
]


@pytest.mark.parametrize(("options", "expected"), MATCHES)
def test_options_say_which_packets(options: str, expected: tuple[Condition, ...]) -> None:
    assert conditions(options) == expected


def test_options_after_the_target_count() -> None:
    (rule,) = lines("-A INPUT -j ACCEPT -s 192.0.2.0/24 -m comment --comment late")
    assert rule.conditions == (SrcAddress(addresses("192.0.2.0/24")),)
    assert rule.comment == "late"


def test_comma_lists_make_a_line_of_each_pair() -> None:
    rules = lines("-A INPUT -s 192.0.2.1,192.0.2.2 -d 10.0.0.1,10.0.0.2 -j DROP")
    assert len({rule.conditions for rule in rules}) == len(rules) == 4


def test_ipv6_has_its_own_icmp() -> None:
    assert conditions("-p ipv6-icmp --icmpv6-type 135", Family.IPV6) == (
        Protocols(ranges(58)),
        IcmpTypes(ranges((135 << 8, 135 << 8 | 255))),
    )
    assert conditions("-p icmp", Family.IPV6) == (Protocols(ranges(1)),)
    assert refusal("-A user -p icmp --icmp-type 8", family=Family.IPV6) == 'unknown option "--icmp-type"'


OPAQUE: list[tuple[str, tuple[Condition, ...]]] = [
    ("-m limit --limit 3/min", (Opaque("limit", "--limit 3/min", True),)),
    (
        "-m recent --update --seconds 30 --name ssh",
        (Opaque("recent", "--update --seconds 30 --name ssh", False),),
    ),
    ("-m recent --set --name ssh", ()),
    ("-m recent ! --set", (Protocols(RangeSet()),)),
    ("-m connlimit --connlimit-above 20", (Opaque("connlimit", "--connlimit-above 20", False),)),
    (
        "-m hashlimit --hashlimit-upto 1/s --hashlimit-name x",
        (Opaque("hashlimit", "--hashlimit-upto 1/s --hashlimit-name x", True),),
    ),
    ("-m statistic --mode random --probability 1", ()),
    ("-m policy --dir in --pol ipsec", (Opaque("policy", "--dir in --pol ipsec", False),)),
    ("-m physdev ! --physdev-is-bridged", (Opaque("physdev", "! --physdev-is-bridged", True),)),
    ('-m string --string "a b" --algo bm', (Opaque("string", '--string "a b" --algo bm', None),)),
    ("-m geoip ! --source-country DE,FR", (Opaque("geoip", "! --source-country DE,FR", None),)),
    ("-s mail.example.com", (Opaque("address", "-s mail.example.com", None),)),
    ("-p tcp --dport myservice", (Protocols(ranges(6)), Opaque("tcp", "--dport myservice", None))),
]


@pytest.mark.parametrize(("options", "expected"), OPAQUE)
def test_what_the_text_does_not_settle_stays(options: str, expected: tuple[Condition, ...]) -> None:
    assert conditions(options) == expected


# --- targets ---------------------------------------------------------------------------------------------------

TARGETS: list[tuple[str, str, Target]] = [
    ("filter", "-s 192.0.2.1", Inert("")),
    ("filter", "-j DROP", DROP),
    ("filter", "-p tcp -j REJECT --reject-with tcp-reset", REJECT),
    ("filter", '-j LOG --log-prefix "in: " --log-level 4', Inert("LOG")),
    ("filter", "-j NFQUEUE --queue-num 1 --queue-bypass", Queue(bypass=True)),
    ("filter", "-j TARPIT", OpaqueTarget("TARPIT", "TARPIT")),
    ("filter", "-j NEWTHING --with 3", OpaqueTarget("NEWTHING", "NEWTHING --with 3")),
    ("raw", "-j CT --notrack", Notrack()),
    ("raw", "-j CT --helper ftp", Inert("CT")),
    ("mangle", "-j MARK --set-mark 0x1/0x2", SetMark("mark", 1, 3)),
    ("mangle", "-j MARK --and-mark 0xff", SetMark("mark", 0, 0xFFFFFF00)),
    ("mangle", "-j MARK --or-mark 4", SetMark("mark", 4, 4)),
    ("mangle", "-j CONNMARK --set-xmark 0x1/0xffffffff", SetMark("connmark", 1, 0xFFFFFFFF)),
    ("mangle", "-j CONNMARK --restore-mark", SetMark("connmark", 0xFFFFFFFF, 0xFFFFFFFF, "restore")),
    (
        "nat",
        "-p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.9:80-90 --random",
        Nat("DNAT", ranges((0x0A000001, 0x0A000009)), ranges((80, 90))),
    ),
    ("nat", "-p tcp -j DNAT --to :8080", Nat("DNAT", None, ranges(8080))),
    ("nat", "-p udp -j REDIRECT --to-ports 5353", Nat("REDIRECT", None, ranges(5353))),
    ("nat", "-j NETMAP --to 10.1.0.0/16", Nat("NETMAP", addresses("10.1.0.0/16"), None)),
    ("nat", "-j MASQUERADE", Nat("MASQUERADE", None, None)),
]


@pytest.mark.parametrize(("table", "options", "expected"), TARGETS)
def test_targets_say_what_becomes_of_a_packet(table: str, options: str, expected: Target) -> None:
    assert target(options, table) == expected


def test_ipv6_addresses_stand_in_brackets_beside_a_port() -> None:
    dnat = target("-p tcp -j DNAT --to-destination [2001:db8::5]:80", "nat", Family.IPV6)
    assert dnat == Nat("DNAT", addresses("2001:db8::5"), ranges(80))


def test_chains_are_jumped_to_and_gone_to() -> None:
    rules = lines("-A INPUT -j user\n-A INPUT -g user")
    assert [rule.target for rule in rules] == [Jump("user"), Goto("user")]


# --- what the tool refuses ---------------------------------------------------------------------------------------

REFUSED: list[tuple[str, str]] = [
    ("-A user -p tcp --dport 25,465 -j ACCEPT", "invalid port/service `25,465' specified"),
    ("-A user -p tcp -m multiport --dports 25, 465 -j ACCEPT", "invalid port/service `' specified"),
    ("-A user --dport 25 -p tcp -j ACCEPT", 'unknown option "--dport"'),
    ("-A user -p tcp --dports 25 -j ACCEPT", 'unknown option "--dports"'),
    ("-A user -m limit --lim 3/min", 'unknown option "--lim"'),
    ("-A user -p udp -m tcp --dport 25", "TCP match requires '-p tcp'"),
    (
        "-A user -m multiport --dports 25",
        "multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'",
    ),
    ("-A user -p tcp --dport 30:20", "invalid portrange (min > max)"),
    ("-A user -p tcp --dport", 'option "--dport" requires an argument'),
    ("-A user -p tcp --dport 25 --dport 26", "Only one `--destination-port' allowed"),
    ("-A user -s 192.0.2.1 -s 192.0.2.2", "multiple -s flags not allowed"),
    ("-A user -j ACCEPT -j DROP", "multiple -j flags not allowed"),
    ("-A user -s 192.0.2.300", "host/network `192.0.2.300' not found"),
    ("-A user -s 192.0.2.1/33", "invalid mask `33' specified"),
    ("-A user ! -s 192.0.2.1,192.0.2.2", "! not allowed with multiple source or destination IP addresses"),
    ("-A user -p tpc", 'unknown protocol "tpc" specified'),
    ("-A user ! -p all", "rule would never match protocol"),
    ("-A user -m limit ! --limit 3/min", 'limit: option "--limit" cannot be inverted.'),
    ("-A user ! -j ACCEPT", "cannot have ! before -j"),
    ("-A user -m state --state NEW,FOO", 'Bad state "FOO"'),
    ("-A user -m conntrack --ctstate RELATED, ESTABLISHED", 'Bad ctstate ""'),
    ("-A user -m comment --comment 'single q'", "Bad argument `q''"),
    ("-A user -j ACCEPT # mail", "Bad argument `#'"),
    ("  # indented", "Bad argument `#'"),
    ("-A user -m recent --name x", "recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'"),
    ("-A user -p icmp --icmp-type echo", "Ambiguous ICMP type `echo': `echo-reply' or `echo-request'?"),
    ("-A user -i averylonginterface", "interface name `averylonginterface' must be shorter than IFNAMSIZ (15)"),
    ("-A INPUT -o eth0", "Can't use -o with INPUT"),
    ("-A user -t nat -j ACCEPT", "The -t option cannot be used in iptables-restore."),
    ("-A user -A INPUT", "Cannot use -A with -A"),
    ("-A user -j REJECT --reject-with nothing", 'unknown reject type "nothing"'),
    ("-A user -j LOG --foo", 'unknown option "--foo"'),
    ("-A nowhere -j ACCEPT", "No chain/target/match by that name."),
    ("-A user -j accept", "Chain 'accept' does not exist"),
    ("-A user -j INPUT", "RULE_APPEND failed (Operation not supported): rule in chain user"),
    ("-N ACCEPT", "chain name may not clash with target name"),
    ("-N user", "Chain already exists."),
    ("-P user DROP", "Bad built-in chain name."),
    ("-D user -j DROP", "Bad rule (does a matching rule exist in that chain?)."),
    ("-I user 5 -j DROP", "Index of insertion too big."),
    ("-s 192.0.2.1", "no command specified"),
    ("-s 192.0.2.1 mail", "Bad argument `mail'"),
    ("-A user -p tcp --tcp-flags SYN", "--tcp-flags requires two args."),
    ("-A user -m set --match-set bad -j DROP", "--match-set requires two args."),
    ("-R user -j DROP", "-R requires a rule number"),
    ("-A user -j DROP !", "nothing appropriate following !"),
    ("   ", "no command specified"),
    ("[1:2 -A user", "Bad line 3: need ]"),
    ("-A user " + "-m tcp " * 130 + "-p tcp", "Parser cannot handle more arguments"),
]


@pytest.mark.parametrize(("line", "words"), REFUSED)
def test_refused_lines_are_left_out_in_the_words_of_the_tool(line: str, words: str) -> None:
    assert refusal(line) == words


def test_targets_belong_in_their_tables() -> None:
    assert refusal("-A user -j DROP", "nat").startswith('The "nat" table is not intended for filtering')
    assert refusal("-A user -j MASQUERADE").startswith("RULE_APPEND failed (Invalid argument)")


def test_the_old_negation_is_read_and_reported() -> None:
    tables, problems = read("*filter\n-A INPUT -p tcp --dport ! 25 -j DROP\nCOMMIT\n")
    (rule,) = tables["filter"]["INPUT"].rules
    assert rule.conditions == (Protocols(ranges(6)), DstPorts(ranges((0, 24), (26, 65535))))
    assert [problem.message for problem in problems] == ["Bad argument `25'"]


# --- the file ----------------------------------------------------------------------------------------------------


def test_commands_are_obeyed_in_order() -> None:
    text = """*filter
:INPUT ACCEPT [0:0]
-N blocked
-P INPUT DROP
-A INPUT -p tcp -j ACCEPT
-I INPUT -j blocked
[5:300] -A INPUT -p udp -j ACCEPT
-R INPUT 2 -p icmp -j ACCEPT
-D INPUT -p udp -j ACCEPT
-A blocked -j DROP
-F blocked
-A INPUT -j LOG
-D INPUT 1
-X blocked
COMMIT
"""
    tables, problems = read(text)
    assert not problems
    chain = tables["filter"]["INPUT"]
    assert chain.default is Verdict.DROP
    assert [rule.span.line for rule in chain.rules] == [8, 12]
    assert "blocked" not in tables["filter"]


def test_a_later_block_replaces_an_earlier_one() -> None:
    text = "*filter\n:INPUT DROP [0:0]\n-A INPUT -j LOG\nCOMMIT\n*nat\nCOMMIT\n*filter\n-A INPUT -j ACCEPT\nCOMMIT\n"
    tables, problems = read(text)
    assert not problems
    assert tables["filter"]["INPUT"].default is Verdict.ACCEPT
    assert [rule.target for rule in tables["filter"]["INPUT"].rules] == [ACCEPT]


_WHOLE = "*filter\n:INPUT DROP [0:0]\n-A INPUT -j LOG\nCOMMIT\n"
FAULTY_LATER = [
    "*filter\n-A INPUT -j ACCEPT\n",
    "*filter\n-A INPUT -j ACCEPT\n-A INPUT -p tcp --dprt 1\nCOMMIT\n",
    "*filter\n-A INPUT -j ACCEPT\nCOMMIT \n",
    "*filter\n-A INPUT -j ACCEPT\n*nat\nCOMMIT\n",
    "*nat\n-A OUTPUT --dprt 1\nCOMMIT\n*filter\n-A INPUT -j ACCEPT\nCOMMIT\n",
]


@pytest.mark.parametrize("text", FAULTY_LATER)
def test_a_later_block_that_does_not_load_replaces_nothing(text: str) -> None:
    tables, problems = read(_WHOLE + text)
    assert [problem.fatal for problem in problems] == [True]
    assert tables["filter"]["INPUT"].default is Verdict.DROP
    assert [rule.target for rule in tables["filter"]["INPUT"].rules] == [Inert("LOG")]


def test_a_block_behind_one_that_does_not_load_is_meant() -> None:
    tables, problems = read("*filter\n-A INPUT -p tcp --dprt 1\n-A INPUT -j ACCEPT\nCOMMIT\n" + _WHOLE)
    assert [problem.fatal for problem in problems] == [True]
    assert [rule.target for rule in tables["filter"]["INPUT"].rules] == [Inert("LOG")]


def test_without_flush_files_add_up_and_declared_user_chains_are_emptied() -> None:
    store = TableStore(Family.IPV4)
    load_rules(store, Source("a", "*filter\n:user - [0:0]\n-A INPUT -j LOG\n-A user -j DROP\nCOMMIT\n"), flush=False)
    load_rules(store, Source("b", "*filter\n:INPUT DROP [0:0]\n:user - [0:0]\n-A INPUT -j user\nCOMMIT\n"), flush=False)
    chains = store.tables()["filter"]
    assert [rule.target for rule in chains["INPUT"].rules] == [Inert("LOG"), Jump("user")]
    assert chains["user"].rules == ()


def test_spans_point_at_the_line() -> None:
    (rule,) = lines("  -A INPUT -j ACCEPT ")
    assert rule.span[1:] == (3, 3, 3, 21)


def test_an_open_quote_swallows_the_rest_of_the_line() -> None:
    (rule,) = lines('-A INPUT -m comment --comment "mail -j ACCEPT')
    assert (rule.target, rule.comment) == (Inert(""), "mail -j ACCEPT")


def test_quotes_and_escapes() -> None:
    (rule,) = lines(r'-A INPUT -m comment --comment "it\"s a \\ \'quote\'" -j ACCEPT')
    assert rule.comment == "it\"s a \\ 'quote'"


def test_one_file_serves_two_families() -> None:
    text = "*filter\n-A INPUT -4 -p icmp -j ACCEPT\n-A INPUT -6 -p ipv6-icmp -j ACCEPT\nCOMMIT\n"
    for family, line in ((Family.IPV4, 2), (Family.IPV6, 3)):
        tables, _ = read(text, family)
        assert [rule.span.line for rule in tables["filter"]["INPUT"].rules] == [line]


BAD_FILES: list[tuple[str, str, bool, str]] = [
    ("*filter\n:INPUT DROP [0:0]\n", "not-loaded", True, "COMMIT expected at line 3"),
    (
        "*filter\n:INPUT DROP [0:0]\n*nat\nCOMMIT\n",
        "not-loaded",
        True,
        "Bad argument `*nat': the table before it has no COMMIT",
    ),
    ("*filter\r\nCOMMIT\r\n", "not-loaded", True, "line 1 ends in CR LF: table name 'filter\\r' invalid"),
    (
        "*filter\nCOMMIT",
        "not-loaded",
        False,
        "iptables-legacy-restore loads nothing of the table: Bad argument `COMMIT': no newline after it",
    ),
    ("*filter\nCOMMIT\n-A INPUT -j DROP\n", "not-loaded", True, "line 3 failed: it stands outside of a table"),
    ("*filter\nCOMMIT \n", "not-loaded", True, "Bad argument `COMMIT'"),
    (" *filter\nCOMMIT\n", "not-loaded", True, "line 1 failed: a blank stands before the *"),
    ("*fliter\nCOMMIT\n", "not-loaded", True, "table name 'fliter' invalid"),
    ("-A INPUT -j ACCEPT\nCOMMIT\n", "not-loaded", True, "line 1 failed: no *table line stands before it"),
    (
        "*filter\n:user DROP [0:0]\nCOMMIT\n",
        "not-loaded",
        False,
        "iptables-legacy-restore loads nothing of the table: Can't set policy `DROP' on `user' line 2: "
        "Bad built-in chain name",
    ),
    ("*filter\n:INPUT\nCOMMIT\n", "unreadable-line", True, "line 2 policy invalid"),
    (
        "*filter\n:INPUT DROP\n-A INPUT -s {{ admin }} -j ACCEPT\nCOMMIT\n",
        "template",
        False,
        "jinja template, no rules file yet: -A INPUT -s {{ admin }} -j ACCEPT",
    ),
    (
        "*filter\n-A INPUT -s $LAN -j ACCEPT\nCOMMIT\n",
        "template",
        False,
        "shell template, no rules file yet: -A INPUT -s $LAN -j ACCEPT",
    ),
    (
        "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n*filter\nCOMMIT\n",
        "second-ruleset",
        False,
        "iptables-legacy tables present, use iptables-legacy-save to see them",
    ),
]


@pytest.mark.parametrize(("text", "check", "fatal", "message"), BAD_FILES)
def test_what_is_wrong_with_a_file_is_said_once(text: str, check: str, fatal: bool, message: str) -> None:
    _, problems = read(text)
    assert [(problem.check, problem.fatal, problem.message) for problem in problems] == [(check, fatal, message)]


def test_a_table_that_nft_changed_is_unknown_not_empty() -> None:
    ruleset = read_iptables_save(Source("dump", "# Table `filter' is incompatible, use 'nft' tool.\n*nat\nCOMMIT\n"))
    assert ruleset.unknown == ("filter",)
    assert [problem.check for problem in ruleset.problems] == ["second-ruleset"]


def test_a_dollar_in_a_comment_is_no_template() -> None:
    (rule,) = lines('-A INPUT -m comment --comment "costs $5 or $MORE" -j ACCEPT')
    assert rule.comment == "costs $5 or $MORE"


def test_pasted_output_of_iptables_s_is_the_filter_table() -> None:
    tables, problems = read("-P INPUT DROP\n-P FORWARD ACCEPT\n-N user\n-A INPUT -j user\n-A user -j ACCEPT\n")
    assert not problems
    assert tables["filter"]["INPUT"].default is Verdict.DROP
    assert [rule.target for rule in tables["filter"]["user"].rules] == [ACCEPT]


@pytest.mark.parametrize(
    ("name", "text", "family"),
    [
        ("x", "# Generated by ip6tables-save v1.8.9 (nf_tables) on Mon\n*filter\nCOMMIT\n", Family.IPV6),
        ("rules.v6", "*filter\nCOMMIT\n", Family.IPV6),
        ("rules.v6", "*filter\n-A INPUT -s 192.0.2.0/24 -j ACCEPT\nCOMMIT\n", Family.IPV4),
        ("rules", "*filter\n-A INPUT -s 2001:db8::/32 -j ACCEPT\nCOMMIT\n", Family.IPV6),
        ("rules", "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n", Family.IPV4),
    ],
)
def test_the_family_shows(name: str, text: str, family: Family) -> None:
    assert guess_family(Source(name, text)) is family


def test_a_ban_list_is_read_line_by_line() -> None:
    text = "".join(f"-A user -s 192.0.2.{host} -j DROP\n" for host in range(5)) + "-A user -s 0.0.0.0/0 -j DROP"
    rules = lines(text)
    assert [rule.conditions for rule in rules] == [
        *((SrcAddress(addresses(f"192.0.2.{host}")),) for host in range(5)),
        (),
    ]
    assert [rule.span.line for rule in rules] == [3, 4, 5, 6, 7, 8]

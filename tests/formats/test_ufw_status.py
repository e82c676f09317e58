"""``ufw status`` in every form: what a row says is what ufw loads for it, and nothing is passed over in silence."""

# ruff: noqa: RUF001 - other languages have letters that look like ours

from __future__ import annotations

import json

import pytest

from tests.corpus import corpus_files
from tests.formats.ufw_shapes import ufw_status_shapes
from zimlint.assets import asset_json
from zimlint.formats.lines import parse_with_lark
from zimlint.formats.ufw_status import read_ufw_status
from zimlint.host import AppPorts, AppProfile, StatusReport
from zimlint.model import (
    Condition,
    Decide,
    DstAddress,
    DstPorts,
    FilterRule,
    InInterface,
    Opaque,
    OutInterface,
    Problem,
    Protocols,
    Ruleset,
    SrcAddress,
    SrcPorts,
    Verdict,
)
from zimlint.packets import ALL_PORTS, PROTOCOL_NAMES, Family, RangeSet, format_network
from zimlint.source import Source, Span

TITLE = "To                         Action      From\n--                         ------      ----\n"
VERBOSE = "Logging: on (low)\nDefault: deny (incoming), allow (outgoing), disabled (routed)\nNew profiles: skip\n"
OLD_TITLE = "To                         Action  From\n--                         ------  ----\n"


def read(text: str, *profiles: AppProfile) -> tuple[StatusReport, tuple[Ruleset, ...], tuple[Problem, ...]]:
    return read_ufw_status(Source("status.txt", text), {profile.name: profile for profile in profiles})


def row(to: str, action: str, sender: str, after: str = "") -> str:
    return f"{to:26} {action:12}{sender:26}{after}\n"


def profile(name: str, *parts: AppPorts) -> AppProfile:
    span = Span(Source("applications.d/x", ""), 1)
    return AppProfile(name, "title", "description", parts, span, span)


def one(condition: Condition, family: Family) -> str:
    def ports(numbers: RangeSet) -> str:
        return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in numbers.ranges)

    match condition:
        case Protocols(numbers):
            return PROTOCOL_NAMES[numbers.first()]
        case DstPorts(numbers):
            return f"dport {ports(numbers)}"
        case SrcPorts(numbers):
            return f"sport {ports(numbers)}"
        case DstAddress(addresses):
            return f"to {format_network(family, *addresses.ranges[0])}"
        case SrcAddress(addresses):
            return f"from {format_network(family, *addresses.ranges[0])}"
        case InInterface(pattern):
            return f"in {pattern}"
        case OutInterface(pattern):
            return f"out {pattern}"
        case Opaque(module, text):
            return f"[{module} {text}]"
        case _:
            raise AssertionError(condition)


def user_rules(rulesets: tuple[Ruleset, ...], report: StatusReport) -> list[tuple[Family, str, FilterRule]]:
    return [
        (ruleset.family, chain.name, rule)
        for ruleset in rulesets
        for chain in ruleset.tables["filter"].values()
        for rule in chain.rules
        if rule.span.line != report.span.line
    ]


def loaded(rows: str, *profiles: AppProfile) -> list[str]:
    """The lines that a table of rows stands for, in words."""
    report, rulesets, problems = read(f"Status: active\n\n{TITLE}{rows}\n", *profiles)
    assert not problems
    lines = []
    for family, chain, rule in user_rules(rulesets, report):
        assert isinstance(rule.target, Decide)
        words = " ".join(one(condition, family) for condition in rule.conditions)
        lines.append(f"{family.value[-1]} {chain} {words or '-'} {rule.target.verdict.value}")
    return lines


LIMIT = "[recent ! --update --seconds 30 --hitcount 6]"
ROWS = [
    ("25", "ALLOW", "Anywhere", ["4 INPUT tcp dport 25 ACCEPT", "4 INPUT udp dport 25 ACCEPT"]),
    ("80,443/tcp", "ALLOW IN", "Anywhere", ["4 INPUT tcp dport 80,443 ACCEPT"]),
    ("6000:6007/tcp", "DENY IN", "Anywhere", ["4 INPUT tcp dport 6000:6007 DROP"]),
    ("Anywhere", "ALLOW IN", "192.168.1.0/24", ["4 INPUT from 192.168.1.0/24 ACCEPT"]),
    ("10.0.0.2 25/tcp", "ALLOW", "10.0.0.1", ["4 INPUT tcp to 10.0.0.2 dport 25 from 10.0.0.1 ACCEPT"]),
    ("1024:65535/udp", "ALLOW", "10.0.0.1 53/udp", ["4 INPUT udp dport 1024:65535 from 10.0.0.1 sport 53 ACCEPT"]),
    ("Anywhere", "ALLOW", "53/udp", ["4 INPUT udp sport 53 ACCEPT"]),
    ("123", "ALLOW", "123", ["4 INPUT tcp dport 123 sport 123 ACCEPT", "4 INPUT udp dport 123 sport 123 ACCEPT"]),
    ("Anywhere", "DENY", "10.0.0.3/tcp", ["4 INPUT tcp from 10.0.0.3 DROP"]),
    ("10.0.0.4/tcp", "ALLOW", "Anywhere", ["4 INPUT tcp to 10.0.0.4 ACCEPT"]),
    ("Anywhere/tcp", "ALLOW", "Anywhere/tcp", ["4 INPUT tcp ACCEPT"]),
    ("Anywhere", "ALLOW", "10.0.0.5/esp", ["4 INPUT esp from 10.0.0.5 ACCEPT"]),
    ("224.0.0.0/4/igmp", "ALLOW", "Anywhere", ["4 INPUT igmp to 224.0.0.0/4 ACCEPT"]),
    ("10.0.0.8/vrrp", "ALLOW", "10.0.0.7/vrrp", ["4 INPUT vrrp to 10.0.0.8 from 10.0.0.7 ACCEPT"]),
    ("25/tcp (v6)", "ALLOW", "Anywhere (v6)", ["6 INPUT tcp dport 25 ACCEPT"]),
    ("25/tcp", "DENY", "2001:db8::/32", ["6 INPUT tcp dport 25 from 2001:db8::/32 DROP"]),
    ("Anywhere (v6)", "ALLOW", "2001:db8::53 53",
     [f"6 INPUT {protocol} from 2001:db8::53 sport 53 ACCEPT" for protocol in ("tcp", "udp")]),
    ("Anywhere on eth1", "ALLOW", "Anywhere", ["4 INPUT in eth1 ACCEPT"]),
    ("7071/tcp (v6) on eth1", "ALLOW", "Anywhere (v6)", ["6 INPUT in eth1 tcp dport 7071 ACCEPT"]),
    ("41 on veth12@if3", "DENY", "Anywhere", [f"4 INPUT in veth12@if3 {p} dport 41 DROP" for p in ("tcp", "udp")]),
    ("25/tcp", "DENY OUT", "Anywhere on eth0", ["4 OUTPUT out eth0 tcp dport 25 DROP"]),
    ("10.0.0.9 80,443/tcp on eth1", "ALLOW FWD", "Anywhere on eth0",
     ["4 FORWARD in eth0 out eth1 tcp to 10.0.0.9 dport 80,443 ACCEPT"]),
    ("113/tcp", "REJECT", "Anywhere", ["4 INPUT tcp dport 113 REJECT"]),
    ("22/tcp", "LIMIT IN", "Anywhere", [f"4 INPUT tcp dport 22 {LIMIT} ACCEPT"]),
    ("Zimbra Mail (v6) on eth1", "ALLOW", "Anywhere (v6)", ["6 INPUT in eth1 [ufw-app Zimbra Mail] ACCEPT"]),
    ("192.168.1.10 Zimbra Mail", "ALLOW", "22",
     [f"4 INPUT {protocol} to 192.168.1.10 sport 22 [ufw-app Zimbra Mail] ACCEPT" for protocol in ("tcp", "udp")]),
    ("10.0.0.2 25,465/tcp (Zimbra Mail) on eth1", "ALLOW IN", "53/tcp (DNS)",
     ["4 INPUT in eth1 tcp to 10.0.0.2 dport 25,465 sport 53 ACCEPT"]),
    ("53 (Zimbra DNS (v6)) on eth1", "REJECT IN", "Anywhere (v6)",
     ["6 INPUT in eth1 tcp dport 53 REJECT", "6 INPUT in eth1 udp dport 53 REJECT"]),
    ("A long name that is longer than its column", "ALLOW", "Anywhere",
     ["4 INPUT [ufw-app A long name that is longer than its column] ACCEPT"]),
    ("The ALLOW IN  Anywhere application", "DENY IN", "Anywhere",
     ["4 INPUT [ufw-app The ALLOW IN  Anywhere application] DROP"]),
]  # fmt: skip


@pytest.mark.parametrize(("to", "action", "sender", "lines"), ROWS)
def test_a_row_is_what_ufw_loads(to: str, action: str, sender: str, lines: list[str]) -> None:
    assert loaded(row(to, action, sender)) == lines


PROFILES = (
    profile("Mail", AppPorts(RangeSet([(25, 25), (465, 465)]), "tcp"), AppPorts(RangeSet([(53, 53)]), None)),
    profile("All TCP", AppPorts(ALL_PORTS, "tcp")),
    profile("All", AppPorts(ALL_PORTS, None)),
    profile("NTP", AppPorts(RangeSet([(123, 123)]), "udp")),
    profile("Mail on eth0", AppPorts(RangeSet([(24, 24)]), "tcp")),
)


@pytest.mark.parametrize(
    ("to", "sender", "lines"),
    [
        ("Mail", "10.0.0.0/8", ["tcp dport 25,465 from 10.0.0.0/8", "tcp dport 53 from 10.0.0.0/8",
                                "udp dport 53 from 10.0.0.0/8"]),
        ("All TCP", "Anywhere", ["tcp"]),
        ("All on eth1", "Anywhere", ["in eth1"]),
        ("22", "NTP", ["udp dport 22 sport 123"]),
        ("Mail", "NTP", ["udp dport 25,465 sport 123", "udp dport 53 sport 123"]),
        ("Mail", "Mail", ["tcp dport 25,465 sport 25,465", "tcp dport 53 sport 53", "udp dport 53 sport 53"]),
        ("Mail", "Gone", ["tcp dport 25,465 [ufw-app Gone]", "tcp dport 53 [ufw-app Gone]",
                          "udp dport 53 [ufw-app Gone]"]),
        ("Mail on eth0", "Anywhere", ["tcp dport 24"]),
        ("NTP on eth0", "Anywhere", ["in eth0 udp dport 123"]),
    ],
)  # fmt: skip
def test_known_profiles_give_their_ports(to: str, sender: str, lines: list[str]) -> None:
    assert loaded(row(to, "ALLOW", sender), *PROFILES) == [f"4 INPUT {line} ACCEPT" for line in lines]


def test_what_the_head_says() -> None:
    report, rulesets, problems = read(
        "Status: active\nLogging: on (full)\nDefault: reject (incoming), deny (outgoing), allow (routed)\n"
        f"New profiles: skip\n\n{TITLE}{row('25/tcp', 'ALLOW IN', 'Anywhere')}\n"
    )
    assert not problems
    assert (report.active, report.form, report.logging) == (True, "verbose", "full")
    chains = rulesets[0].tables["filter"]
    assert [(name, chain.default, chain.default_known) for name, chain in chains.items()] == [
        ("INPUT", Verdict.REJECT, True), ("OUTPUT", Verdict.DROP, True), ("FORWARD", Verdict.ACCEPT, True),
    ]  # fmt: skip
    assert [rule.span.line for rule in chains["INPUT"].rules] == [1, 1, 8]
    assert rulesets[0].view == "status"


def test_plain_status_hides_the_defaults() -> None:
    report, rulesets, _ = read(f"Status: active\n\n{TITLE}{row('25/tcp', 'ALLOW', 'Anywhere')}\n")
    chain = rulesets[0].tables["filter"]["INPUT"]
    assert (report.form, report.default_input, chain.default, chain.default_known) == (
        "plain", None, Verdict.DROP, False,
    )  # fmt: skip


def test_ipv6_has_a_ruleset_once_a_row_names_it() -> None:
    _, rulesets, _ = read(f"Status: active\n{VERBOSE}\n{TITLE}{row('25/tcp (v6)', 'ALLOW IN', 'Anywhere (v6)')}")
    assert [ruleset.family for ruleset in rulesets] == [Family.IPV4, Family.IPV6]
    assert [len(ruleset.tables["filter"]["INPUT"].rules) for ruleset in rulesets] == [2, 4]


@pytest.mark.parametrize("state", ["inactive", "not loaded"])
def test_inactive(state: str) -> None:
    report, rulesets, problems = read(f"WARN: Checks disabled\nStatus: {state}\n")
    chain = rulesets[0].tables["filter"]["INPUT"]
    assert (report.active, report.span.line, chain.default, chain.rules, problems) == (
        False, 2, Verdict.ACCEPT, (), (),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("head", "policies", "logging"),
    [
        ("Status: loaded\nLogging: on\nDefault: deny\nNew profiles: skip\n", (Verdict.DROP, None, None), "on"),
        ("Status: active\nLogging: off\nDefault: allow\nNew profiles: skip\n", (Verdict.ACCEPT, None, None), "off"),
        ("Status: active\nLogging: unknown\nDefault: deny (incoming), allow (outgoing)\nNew profiles: skip\n",
         (Verdict.DROP, Verdict.ACCEPT, None), "unknown"),
    ],
)  # fmt: skip
def test_old_layouts(head: str, policies: tuple[Verdict | None, ...], logging: str) -> None:
    rows = "25/tcp                     ALLOW   Anywhere\n10.0.0.1 22 on eth1        REJECT  Anywhere (log)\n"
    report, rulesets, problems = read(f"{head}\n{OLD_TITLE}{rows}")
    assert not problems
    assert (report.default_input, report.default_output, report.default_forward) == policies
    assert report.logging == logging
    assert len(user_rules(rulesets, report)) == 3


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("État : actif\nJournalisation : on (low)\nDefault: deny (incoming), allow (outgoing), disabled (routed)\n"
         "Nouveaux profils\u00a0: skip\n", "Vers                       Action      De\n----  ------  --\n"),
        ("Status: active\nLogging: on (low)\nVoreinstellung: deny (eingehend), allow (abgehend), disabled (gesendet)\n"
         "New profiles: skip\n", "Zu                         Aktion      Von\n--  ------  ---\n"),
        ("状态： 激活\n日志: on (low)\nDefault: deny (incoming), allow (outgoing), disabled (routed)\n"
         "新建配置文件: skip\n", "至                          动作          来自\n-  --  --\n"),
        ("Состояние: активен\nЖурналирование: on (low)\nПо умолчанию: deny (входящие), allow (исходящие)\n"
         "Новые профили: skip\n", "В                          Действие    Из\n"),
        ("Status: active\n" + VERBOSE, "A                          Acció       Des de\n"),
        ("Status: active\n" + VERBOSE, "Кому                       Что         Чей\n----  ---  ---\n"),
    ],
)  # fmt: skip
def test_other_languages(head: str, title: str) -> None:
    """Each string is translated on its own; of a title in no known language the dashes below are enough."""
    report, rulesets, problems = read(f"{head}\n{title}{row('25/tcp', 'ALLOW IN', 'Anywhere')}")
    assert not problems
    assert report.active
    assert (report.logging, report.default_input, report.default_output) == ("low", Verdict.DROP, Verdict.ACCEPT)
    assert len(user_rules(rulesets, report)) == 1


def test_every_word_of_every_language() -> None:
    words = asset_json("grammars/ufw_status_words.json")
    assert isinstance(words, dict)
    for state, active in (("active", True), ("inactive", False)):
        for line in words[state]:
            report, _, problems = read(f"{line}\n")
            assert (report.active, problems) == (active, ()), line
    for prefix in words["logging"]:
        for unknown in words["unknown"]:
            assert read(f"Status: active\n{prefix} {unknown}\n")[0].logging == "unknown"
        assert read(f"Status: active\n{prefix} on (medium)\n")[0].logging == "medium"
    for prefix in words["default"]:
        for incoming in words["incoming"]:
            line = f"{prefix} reject ({incoming}), deny ({words['outgoing'][-1]}), allow ({words['routed'][-1]})"
            assert read(f"Status: active\n{line}\n")[0].default_forward is Verdict.ACCEPT, line
    for prefix in words["new profiles"]:
        assert read(f"Status: active\n{prefix} skip\n")[2] == ()


@pytest.mark.parametrize(
    "line",
    [
        "25/tcp                     AUTORISER   n'importe où",
        "25/tcp                     ALLOW       n'importe où",
        "70000/tcp                  ALLOW       Anywhere",
        "25/sctp                    ALLOW       Anywhere",
        "10.0.0.1 25/tcp (v6)       ALLOW       Anywhere",
        "25/tcp                     ALLOW       2001:db8::1 25/udp",
        "10.0.0.1                   ALLOW       2001:db8::1",
        "25/tcp                     ALLOW",
        "10.0.0.999                 ALLOW       Anywhere",
        "ZcS\x1b[31m                     ALLOW       Anywhere",
    ],
)
def test_what_is_no_row_is_told_and_the_rest_is_read(line: str) -> None:
    good = row("25/tcp", "ALLOW", "Anywhere")
    report, rulesets, problems = read(f"Status: active\n\n{TITLE}{good}{line}\n{good}")
    assert [(problem.check, problem.span.line, problem.fatal) for problem in problems] == [
        ("unreadable-line", 6, False)
    ]
    assert [rule.span.line for _, _, rule in user_rules(rulesets, report)] == [5, 7]
    assert rulesets[0].unread_lines == 1


def test_comments_are_kept_as_they_are() -> None:
    comments = ["a # b (out) ALLOW IN  Anywhere", "  blanks  ", "ünï\t\x1b[31mred", ""]
    rows = "".join(row("25/tcp", "ALLOW", "Anywhere", f" (log) # {comment}") for comment in comments)
    report, rulesets, problems = read(f"Status: active\n\n{TITLE}{rows}")
    assert not problems
    assert [rule.comment for _, _, rule in user_rules(rulesets, report)] == comments


def test_a_forged_row_in_a_comment_shows_in_a_numbered_list() -> None:
    rows = (
        "[ 1] " + row("25/tcp", "ALLOW IN", "Anywhere", " # see")
        + row("7071/tcp", "ALLOW IN", "Anywhere")
        + "[ 2] " + row("7072/tcp", "ALLOW IN", "Anywhere")
        + "[ 2] " + row("80/tcp", "ALLOW IN", "Anywhere")
        + "[ 9] " + row("443/tcp", "ALLOW OUT", "Anywhere", " (out)")
    )  # fmt: skip
    report, rulesets, problems = read(f"Status: active\n\n     {TITLE}{rows}")
    assert [(problem.span.line, problem.message) for problem in problems] == [
        (6, "a row without a number in a numbered list; the comment of the row above may hold a line break"),
        (8, "row 2 stands twice"),
    ]
    assert [rule.span.line for _, _, rule in user_rules(rulesets, report)] == [5, 7, 8, 9]
    assert report.form == "numbered"


def test_a_broken_comment_in_a_plain_list() -> None:
    text = f"Status: active\n\n{TITLE}{row('25/tcp', 'ALLOW', 'Anywhere', ' # one')}two\nthree\n"
    problems = read(text)[2]
    assert [problem.span.line for problem in problems] == [6, 7]
    assert all("line break" in problem.message for problem in problems)


def test_around_the_output() -> None:
    text = (
        "root@mail:~# ufw status\nWARN: /etc/ufw is world writable!\nWARN: \"Invalid ports in profile 'Zimbra'\"\n"
        f"Status: active\n\n{TITLE}{row('25/tcp', 'ALLOW', 'Anywhere')}\nroot@mail:~#\n"
    )
    report, rulesets, problems = read(text)
    assert (report.span.line, len(user_rules(rulesets, report)), problems) == (4, 1, ())


def test_a_malformed_tuple_is_told() -> None:
    problems = read("WARN: Skipping malformed tuple (bad length): allow tcp 25\nStatus: active\n")[2]
    assert [problem.message for problem in problems] == ["Skipping malformed tuple (bad length): allow tcp 25"]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("WARN: x\nERROR: problem running ip6tables\n", "problem running ip6tables", 2),
        ("ERROR: You need to be root to run this script\n", "You need to be root to run this script", 1),
        ("\nhello\n", "no 'Status:' line in this output", 2),
        ("", "no 'Status:' line in this output", 1),
    ],
)
def test_no_status_at_all(text: str, message: str, line: int) -> None:
    _, rulesets, problems = read(text)
    assert rulesets == ()
    assert (problems[0].message, problems[0].span.line, problems[0].fatal) == (message, line, True)


def test_a_table_without_its_head() -> None:
    """Rows alone, as they are pasted into a ticket: only an active ufw prints any."""
    report, rulesets, problems = read(f"{TITLE}{row('25/tcp', 'ALLOW', 'Anywhere')}")
    assert (report.active, len(rulesets), problems) == (True, 1, ())


def test_a_second_status_is_told() -> None:
    text = f"Status: active\n{VERBOSE}\nStatus: inactive\n"
    assert [problem.span.line for problem in read(text)[2]] == [6]


def test_a_mask_with_too_many_holes_stays_unknown() -> None:
    assert loaded(row("Anywhere", "ALLOW", "10.0.0.0/85.85.85.1")) == ["4 INPUT [address 10.0.0.0/85.85.85.1] ACCEPT"]


def test_the_shapes_kept_ready_are_the_grammar_s() -> None:
    known = asset_json("grammars/ufw_status.shapes.json")
    assert known == json.loads(
        json.dumps({shape: parse_with_lark("ufw_status", shape) for shape in ufw_status_shapes()})
    )


def _content(text: str) -> object:
    report, rulesets, problems = read(text)
    rules = [(family, chain, rule.conditions, rule.target) for family, chain, rule in user_rules(rulesets, report)]
    return report.active, report.logging, report.default_input, rules, len(problems)


def test_the_corpus_is_read_whole() -> None:
    """202 outputs of 0.20 to 0.36.2, as printed and as they look after a careless paste."""
    for path in corpus_files("ufw-testsuite/statuses"):
        text = path.read_text()
        report, rulesets, problems = read(text)
        assert not problems, path.name
        lines = {rule.span.line for _, _, rule in user_rules(rulesets, report)}
        rows = [line for line in text.split("\n") if line.split(" ")[0] not in ("", "WARN:", "To", "--")]
        rows = [line for line in rows if not line.startswith(("Status", "Logging", "Default", "New"))]
        assert len(lines) == len(rows), path.name
        content = _content(text)
        pasted = text.split("\n")
        assert _content("\n".join(line.rstrip() for line in pasted)) == content, path.name
        assert _content("\n".join(" ".join(line.split()) for line in pasted)) == content, path.name
        assert _content("\r\n".join("\t".join(line.split("  ")) for line in pasted)) == content, path.name

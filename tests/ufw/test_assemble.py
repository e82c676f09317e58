"""A tree of rules files becomes what ufw would load, and one file alone what it does among the stock ones."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.corpus import corpus_files
from zimlint.model import Jump, Ruleset, Verdict
from zimlint.packets import TCP, Family, Packet, parse_address
from zimlint.semantics.replay import replay
from zimlint.source import Source
from zimlint.ufw.assemble import assemble, fragment
from zimlint.ufw.roles import role_of
from zimlint.ufw.settings import merge_settings, read_settings

BEFORE = """\
*filter
:{p}-before-input - [0:0]
:{p}-before-output - [0:0]
:{p}-before-forward - [0:0]
-A {p}-before-input -i lo -j ACCEPT
-A {p}-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A {p}-before-input -p tcp --dport 7071 -s {net} -j ACCEPT
COMMIT
"""
AFTER = """\
*filter
:{p}-after-input - [0:0]
-A {p}-after-input -p udp --dport 137 -j {p}-skip-to-policy-input
COMMIT
"""
USER = """\
*filter
:{p}-user-input - [0:0]
### RULES ###

### tuple ### allow tcp 25 {any} any {any} in
-A {p}-user-input -p tcp --dport 25 -j ACCEPT

### END RULES ###
COMMIT
"""
DEFAULT = 'IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\nDEFAULT_FORWARD_POLICY="DROP"\n'
V4 = {"p": "ufw", "net": "10.0.0.0/8", "any": "0.0.0.0/0"}
V6 = {"p": "ufw6", "net": "2001:db8::/32", "any": "::/0"}
STOCK = {
    "before.rules": BEFORE.format(**V4),
    "after.rules": AFTER.format(**V4),
    "user.rules": USER.format(**V4),
    "before6.rules": BEFORE.format(**V6),
    "after6.rules": AFTER.format(**V6),
    "user6.rules": USER.format(**V6),
}


def tree(files: Mapping[str, str] = STOCK, default: str | None = DEFAULT) -> dict[Family, Ruleset]:
    sources = {role: Source(f"etc/ufw/{role}", text) for role, text in files.items()}
    settings, _ = read_settings(Source("etc/ufw/ufw.conf", "\nENABLED=yes\n"))
    if default is not None:
        settings = merge_settings(read_settings(Source("etc/default/ufw", default))[0], settings)
    return {ruleset.family: ruleset for ruleset in assemble(sources, settings)}


def verdict(ruleset: Ruleset, source: str, port: int, interface: str = "eth0") -> str:
    family, number = parse_address(source)
    return replay(ruleset, Packet(family, TCP, number, 40000, None, port, interface)).verdict


def places(ruleset: Ruleset, chain: str) -> list[tuple[str, int]]:
    return [(rule.span.source.name, rule.span.line) for rule in ruleset.tables["filter"][chain].rules]


def defaults(ruleset: Ruleset) -> list[Verdict | None]:
    return [ruleset.tables["filter"][hook].default for hook in ("INPUT", "FORWARD", "OUTPUT")]


def messages(ruleset: Ruleset) -> list[tuple[str, str, int, str]]:
    return [
        (problem.check, problem.span.source.name, problem.span.line, problem.message) for problem in ruleset.problems
    ]


def test_user_lines_come_after_those_of_before_rules() -> None:
    ruleset = tree()[Family.IPV4]
    assert ruleset.view == "tree"
    assert ruleset.problems == ()
    assert places(ruleset, "ufw-before-input") == [
        ("etc/ufw/before.rules", 5),
        ("etc/ufw/before.rules", 6),
        ("etc/ufw/before.rules", 7),
        ("etc/default/ufw", 2),
    ]
    assert ruleset.tables["filter"]["ufw-before-input"].rules[-1].target == Jump("ufw-user-input")
    assert places(ruleset, "ufw-user-input") == [("etc/ufw/user.rules", 6)]
    assert defaults(ruleset) == [Verdict.DROP, Verdict.DROP, Verdict.ACCEPT]


@pytest.mark.parametrize(
    ("family", "near", "far"),
    [
        (Family.IPV4, "10.0.0.1", "203.0.113.9"),
        (Family.IPV6, "2001:db8::1", "2001:db9::1"),
    ],
)
def test_packets_go_the_way_that_ufw_gives_them(family: Family, near: str, far: str) -> None:
    ruleset = tree()[family]
    assert verdict(ruleset, far, 25) == "accept"
    assert verdict(ruleset, far, 7071) == "drop"
    assert verdict(ruleset, near, 7071) == "accept"
    assert verdict(ruleset, far, 7071, "lo") == "accept"


def test_ipv6_off_closes_ipv6_but_loopback() -> None:
    for default in (DEFAULT.replace("yes", "no"), DEFAULT.replace("yes", "Yes"), DEFAULT.replace("IPV6=yes\n", "")):
        ruleset = tree(default=default)[Family.IPV6]
        assert list(ruleset.tables) == ["filter"]
        assert defaults(ruleset) == [Verdict.DROP] * 3
        assert verdict(ruleset, "2001:db9::1", 25) == "drop"
        assert verdict(ruleset, "::1", 25, "lo") == "accept"
        assert ruleset.problems == ()


@pytest.mark.parametrize(
    ("policy", "default", "answer"),
    [("DROP", Verdict.DROP, "drop"), ("REJECT", Verdict.DROP, "reject"), ("ACCEPT", Verdict.ACCEPT, "accept")],
)
def test_input_policy(policy: str, default: Verdict, answer: str) -> None:
    text = DEFAULT.replace('INPUT_POLICY="DROP"', f"INPUT_POLICY={policy}")
    for ruleset in tree(default=text).values():
        assert ruleset.tables["filter"]["INPUT"].default is default
        assert verdict(ruleset, "203.0.113.9" if ruleset.family is Family.IPV4 else "2001:db9::1", 7071) == answer


def test_one_refused_policy_leaves_all_three_open() -> None:
    """Seen with iptables 1.8.9: the policies are one restore block, and so are the chains after.rules jumps to."""
    ruleset = tree(default=DEFAULT.replace('FORWARD_POLICY="DROP"', "FORWARD_POLICY=drop"))[Family.IPV4]
    assert defaults(ruleset) == [Verdict.ACCEPT] * 3
    assert places(ruleset, "ufw-after-input") == []
    assert ruleset.problems == ()
    assert ruleset.tables["filter"]["INPUT"].span is not None


def test_a_missing_policy_is_a_problem_of_the_whole() -> None:
    ruleset = tree(default=DEFAULT.replace('DEFAULT_OUTPUT_POLICY="ACCEPT"\n', ""))[Family.IPV4]
    assert defaults(ruleset) == [Verdict.ACCEPT] * 3
    assert [(check, name) for check, name, _, _ in messages(ruleset)] == [("policy-misread", "etc/default/ufw")]


def test_without_default_ufw_the_stock_policies_are_guessed_and_said_to_be() -> None:
    for ruleset in tree(default=None).values():
        chain = ruleset.tables["filter"]["INPUT"]
        assert (chain.default, chain.default_known) == (Verdict.DROP, False)
        assert chain.span is not None
        assert chain.span[1:2] == (2,)  # the ENABLED line


def test_absent_and_empty_files_are_reported_in_ufws_words() -> None:
    files = {role: text for role, text in STOCK.items() if role != "before.rules"} | {"after6.rules": ""}
    rulesets = tree(files)
    assert messages(rulesets[Family.IPV4]) == [
        ("not-loaded", "etc/ufw/ufw.conf", 2, "Couldn't find '/etc/ufw/before.rules'")
    ]
    assert messages(rulesets[Family.IPV6]) == [
        ("not-loaded", "etc/ufw/after6.rules", 1, "Couldn't find '/etc/ufw/after6.rules'")
    ]
    assert verdict(rulesets[Family.IPV4], "127.0.0.1", 25, "lo") == "accept"
    assert verdict(rulesets[Family.IPV4], "127.0.0.1", 389, "lo") == "drop"


def test_without_user_rules_there_are_no_user_chains() -> None:
    ruleset = tree({role: text for role, text in STOCK.items() if role != "user.rules"})[Family.IPV4]
    assert "ufw-user-input" not in ruleset.tables["filter"]


def test_a_broken_line_is_left_out_and_marked_and_its_neighbours_stay() -> None:
    broken = STOCK["before.rules"].replace("-i lo -j ACCEPT", "-i lo -j ACEPT")
    ruleset = tree(STOCK | {"before.rules": broken})[Family.IPV4]
    assert [(problem.span.source.name, problem.span.line, problem.fatal) for problem in ruleset.problems] == [
        ("etc/ufw/before.rules", 5, True)
    ]
    assert ruleset.problems[0].message.endswith(
        "; ufw loads nothing of before.rules from this *filter block on, and ufw enable fails and sets ENABLED=no"
    )
    assert len(places(ruleset, "ufw-before-input")) == 3
    assert verdict(ruleset, "10.0.0.1", 7071) == "accept"


@pytest.mark.parametrize(
    "added",
    [
        "*filter\n-A ufw-before-input -p tcp --dport 8025 -j ACCEPT\n",
        "*filter\n:mine - [0:0]\n-I ufw-before-input -j mine\n-A mine -p tcp --dport 8025 -j ACEPT\n"
        "-A mine -p tcp --dport 8025 -j ACCEPT\nCOMMIT\n",
    ],
)
def test_a_block_that_only_adds_and_does_not_load_is_left_out(added: str) -> None:
    text = STOCK["before.rules"] + added
    ruleset = tree(STOCK | {"before.rules": text})[Family.IPV4]
    (problem,) = ruleset.problems
    assert problem.fatal
    assert problem.message.endswith("; what it would have added to the blocks before is left out here")
    assert places(ruleset, "ufw-before-input") == places(tree()[Family.IPV4], "ufw-before-input")
    assert "mine" not in ruleset.tables["filter"]
    assert verdict(ruleset, "203.0.113.9", 8025) == "drop"
    assert verdict(ruleset, "203.0.113.9", 25) == "accept"


def test_a_broken_block_that_makes_the_chains_of_ufw_anew_is_judged_as_it_was_meant() -> None:
    own = "*filter\n-A ufw-before-input -p tcp --dport 26 -j ACCEPT\nCOMMIT\n"
    broken = own + STOCK["before.rules"].replace("10.0.0.0/8", "10.0.0.0/33")
    ruleset = tree(STOCK | {"before.rules": broken})[Family.IPV4]
    assert [problem.fatal for problem in ruleset.problems] == [True]
    assert verdict(ruleset, "127.0.0.1", 389, "lo") == "accept"


def test_other_tables_of_a_rules_file_are_kept() -> None:
    nat = "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 25\nCOMMIT\n"
    ruleset = tree(STOCK | {"before.rules": nat + STOCK["before.rules"]})[Family.IPV4]
    assert len(ruleset.tables["nat"]["PREROUTING"].rules) == 1
    assert verdict(ruleset, "203.0.113.9", 80) == "accept"


def test_a_chain_that_is_declared_again_starts_empty() -> None:
    again = STOCK["user.rules"].replace("### RULES", ":ufw-before-input - [0:0]\n### RULES")
    ruleset = tree(STOCK | {"user.rules": again})[Family.IPV4]
    assert places(ruleset, "ufw-before-input") == [("etc/default/ufw", 2)]


def test_nothing_given_is_nothing() -> None:
    assert assemble({}, {}) == ()


@pytest.mark.parametrize("role", STOCK)
def test_a_file_alone_is_judged_among_stock_lines(role: str) -> None:
    source = Source(role, STOCK[role])
    ruleset = fragment(role, source)
    six = role.endswith("6.rules")
    assert (ruleset.view, ruleset.family) == ("fragment", Family.IPV6 if six else Family.IPV4)
    assert ruleset.problems == ()
    sources = {rule.span.source for chain in ruleset.tables["filter"].values() for rule in chain.rules}
    assert sources == {source}
    chain = ruleset.tables["filter"]["INPUT"]
    assert (chain.default, chain.default_known) == (Verdict.DROP, False)
    far, lo = ("2001:db9::1", "::1") if six else ("203.0.113.9", "127.0.0.1")
    assert verdict(ruleset, lo, 389, "lo") == "accept"
    # the default is not known, so what nothing names depends on it or is dropped: never accepted
    assert (verdict(ruleset, far, 25) == "accept") is role.startswith("user")


@pytest.mark.parametrize(
    ("name", "text", "role"),
    [
        *((role, text, role) for role, text in STOCK.items()),
        *((f"mail1-{number}.txt", text, role) for number, (role, text) in enumerate(STOCK.items())),
        ("user.rules", "", "user.rules"),
        ("user6.rules", "*filter\n### RULES ###\n### END RULES ###\nCOMMIT\n", "user6.rules"),
        ("before.rules", "*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n", "before.rules"),
        ("rules.v4", "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 25 -j ACCEPT\nCOMMIT\n", None),
        ("user.rules", "*filter\n:ufw-before-input - [0:0]\n-A INPUT -j ufw-before-input\nCOMMIT\n", None),
        ("before.rules", "some text\n", None),
        ("notes.txt", "the -A ufw-user-input lines are of ufw\n", None),
    ],
)
def test_role_of(name: str, text: str, role: str | None) -> None:
    assert role_of(Source(name, text)) == role


def test_every_rules_file_of_the_corpus_is_read() -> None:
    for path in corpus_files("ufw-testsuite/rules"):
        if path.suffix != ".rules":
            continue
        source = Source(str(path), path.read_bytes().decode())
        role = role_of(source)
        assert role == ("user6.rules" if "user6" in path.name else "user.rules"), path.name
        ruleset = fragment(role, source)
        assert ruleset.problems == (), path.name
        assert ruleset.unread_lines == 0

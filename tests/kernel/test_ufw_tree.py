"""A tree read by us and the same tree started by the real ufw hold the same chains, lines and defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.kernel import ufw_sandbox
from tests.kernel.ufw_sandbox import STOCK_DEFAULT_UFW, run_ufw
from zimlint.formats.iptables_save import read_iptables_save
from zimlint.host import Setting
from zimlint.model import Condition, FilterRule, Opaque, Ruleset
from zimlint.packets import Family
from zimlint.source import Source
from zimlint.ufw.assemble import assemble
from zimlint.ufw.roles import RULES_FILES
from zimlint.ufw.settings import merge_settings, read_settings

_MISSING = ufw_sandbox.missing()
pytestmark = pytest.mark.skipif(_MISSING is not None, reason=f"real ufw: {_MISSING}")

ENABLE = "ufw --force enable"
BY_HAND = "sed -i s/ENABLED=no/ENABLED=yes/ /etc/ufw/ufw.conf"
PROFILE = "[Zimbra Mail]\ntitle=Zimbra\ndescription=mail\nports=25,465,587/tcp|443/tcp|1024\n"


class Case(NamedTuple):
    """What is done to a stock ufw; ``running`` is False where the running kernel is known to differ from a boot."""

    commands: Sequence[str]
    edits: Mapping[str, str] = {}
    running: bool = True


def stock(name: str) -> str:
    """A rules file of the package."""
    return Path("/usr/share/ufw/iptables", name).read_text() if _MISSING is None else ""


def default_ufw(*changes: tuple[str, str]) -> str:
    """The stock /etc/default/ufw with words replaced."""
    text = STOCK_DEFAULT_UFW
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


NAT = """\
*nat
:PREROUTING ACCEPT [0:0]
-F
-A PREROUTING -i eth0 -p tcp --dport 80 -j REDIRECT --to-ports 8080
-A PREROUTING -i eth0 -p tcp --dport 2525 -j DNAT --to-destination 10.0.0.2:25
-A POSTROUTING -s 10.0.0.0/8 -o eth0 -j MASQUERADE
COMMIT
*mangle
:my-marks - [0:0]
-A PREROUTING -j my-marks
-A my-marks -p tcp --dport 25 -j MARK --set-mark 7
COMMIT
"""
CUSTOM = """\
-A {prefix}-before-input -p tcp --dport 7071 -s {network} -j ACCEPT
-I {prefix}-before-input -p tcp --dport 389 -j REJECT --reject-with tcp-reset
:{prefix}-mine - [0:0]
-A {prefix}-mine -m limit --limit 5/second -j RETURN
-A {prefix}-mine -j DROP
-A {prefix}-before-input -p udp -m multiport --dports 53,123 -j {prefix}-mine
COMMIT
"""


def with_custom(name: str, prefix: str, network: str) -> str:
    """A stock rules file with lines of an administrator in front of its COMMIT."""
    return stock(name).replace("\nCOMMIT\n", "\n" + CUSTOM.format(prefix=prefix, network=network))


BLOCKS = """\
*raw
-A PREROUTING -i lo -j NOTRACK
COMMIT
*filter
:mine - [0:0]
-I ufw-before-input 1 -i eth9 -j mine
-A mine -p tcp --dport 1 -j ACCEPT
-A mine -p tcp --dport 2 -j ACCEPT
-A mine -p tcp --dport 3 -j ACCEPT
-D mine -p tcp --dport 2 -j ACCEPT
-A INPUT -p tcp --dport 5 -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080
COMMIT
*filter
:ufw-before-forward - [0:0]
COMMIT
"""
CASES = {
    "stock": Case([ENABLE]),
    "ports": Case(["ufw allow 22/tcp", "ufw allow 25", "ufw allow 80,443/tcp", "ufw deny 6000:6007/udp", ENABLE]),
    "addresses": Case(
        [
            ENABLE,
            "ufw allow from 192.168.1.0/24",
            "ufw allow proto tcp from 10.0.0.1 to 192.0.2.1 port 25",
            "ufw allow proto udp from any port 53 to any port 1024:65535",
            "ufw reject proto tcp from 2001:db8::/32 to any port 993",
            "ufw reject from 198.51.100.0/255.255.255.0 to any port 53",
            "ufw allow proto esp from 192.0.2.5",
            "ufw allow proto gre from 192.0.2.5 to 192.0.2.6",
            "ufw allow proto igmp to 224.0.0.0/4",
            "ufw allow proto ipv6 to 192.0.2.9",
        ]
    ),
    "profiles": Case(
        [
            "ufw allow 'Zimbra Mail'",
            "ufw allow from 192.168.1.0/24 to any app 'Zimbra Mail'",
            "ufw deny from 2001:db8::1 to any app 'zimbra mail'",
            ENABLE,
        ],
        {"ufw/applications.d/zimbra": PROFILE},
    ),
    "limit": Case(["ufw limit 22/tcp", "ufw limit from 203.0.113.0/24 to any port 25 proto tcp", ENABLE]),
    "order": Case(
        [
            ENABLE,
            "ufw allow 25/tcp",
            "ufw allow 443/tcp",
            "ufw insert 1 deny from 203.0.113.9",
            "ufw prepend deny from 2001:db8::9",
            "ufw delete allow 443/tcp",
            "ufw --force delete 2",
        ]
    ),
    "route": Case(
        [
            ENABLE,
            "ufw route allow in on eth0 out on eth1 to 10.0.0.2 port 80,443 proto tcp",
            "ufw route deny from 203.0.113.0/24",
            "ufw default allow routed",
        ]
    ),
    "interfaces": Case(
        [
            "ufw allow in on eth1 to any port 7071 proto tcp",
            "ufw allow in on wg0",
            "ufw deny out on eth0 to any port 25 proto tcp",
            "ufw reject out to 192.0.2.0/24",
            ENABLE,
        ]
    ),
    "comments": Case(
        [
            ENABLE,
            "ufw allow 25/tcp comment 'mail, \"in\" # and ünïcode'",
            "ufw deny log 23/tcp comment telnet",
            "ufw allow log-all from 10.0.0.0/8",
        ]
    ),
    **{
        f"logging {level}": Case([ENABLE, "ufw limit log 22/tcp", f"ufw logging {level}", "ufw reload"])
        for level in ("off", "low", "medium", "high", "full")
    },
    "ipv6 off": Case(["ufw allow 25/tcp", ENABLE], {"default/ufw": default_ufw(("IPV6=yes", "IPV6=no"))}),
    "ipv6 turned off later": Case(
        ["ufw allow 25/tcp", ENABLE, "sed -i s/IPV6=yes/IPV6=no/ /etc/default/ufw", "ufw reload"], running=False
    ),
    "ipv6 key missing": Case(["ufw allow 25/tcp", ENABLE], {"default/ufw": default_ufw(("IPV6=yes\n", ""))}),
    # ufw enable looks for the ufw6 chains that its boot script did not make, fails and sets ENABLED=no
    "ipv6 off at boot only": Case(
        ["ufw allow 25/tcp", ENABLE, BY_HAND], {"default/ufw": default_ufw(("IPV6=yes", "IPV6=Yes"))}
    ),
    "ipv6 on at boot only": Case([ENABLE], {"default/ufw": default_ufw(("IPV6=yes", "export IPV6=yes # on"))}),
    "default allow": Case([ENABLE, "ufw default allow incoming", "ufw deny 11211", "ufw reload"]),
    "default reject": Case(
        ["ufw default reject incoming", "ufw default reject outgoing", "ufw default reject routed", ENABLE]
    ),
    "single quotes": Case(
        [BY_HAND],
        {"default/ufw": default_ufw(('"DROP"', "'DROP'"))},
        running=False,
    ),
    "conf overrides": Case([ENABLE, "echo 'DEFAULT_INPUT_POLICY=REJECT # late' >> /etc/ufw/ufw.conf"], running=False),
    "lower case policy": Case(
        ["ufw allow 25/tcp", ENABLE, BY_HAND],
        {"default/ufw": default_ufw(('INPUT_POLICY="DROP"', 'INPUT_POLICY="drop"'))},
        running=False,
    ),
    "policy missing": Case(
        [BY_HAND],
        {"default/ufw": default_ufw(('DEFAULT_OUTPUT_POLICY="ACCEPT"\n', ""))},
        running=False,
    ),
    "nat and mangle": Case(["ufw allow 25/tcp", ENABLE], {"ufw/before.rules": NAT + stock("before.rules")}),
    "custom before": Case(
        ["ufw allow 25/tcp", ENABLE],
        {
            "ufw/before.rules": with_custom("before.rules", "ufw", "10.0.0.0/8"),
            "ufw/before6.rules": with_custom("before6.rules", "ufw6", "2001:db8::/32"),
        },
    ),
    "custom after": Case(
        [ENABLE],
        {"ufw/after.rules": stock("after.rules").replace("\nCOMMIT", "\n-A ufw-after-input -p tcp -j REJECT\nCOMMIT")},
    ),
    "jump to user chain": Case(
        [ENABLE, "ufw allow 25/tcp"],
        {
            "ufw/after.rules": stock("after.rules").replace(
                "\nCOMMIT", "\n-A ufw-after-input -j ufw-logging-deny\nCOMMIT"
            )
        },
    ),
    "hand-written user line": Case(
        [
            ENABLE,
            "ufw allow 25/tcp",
            "sed -i 's/^### END RULES/-A ufw-user-input -p tcp --dport 7025 -j ACCEPT\\n&/' /etc/ufw/user.rules",
            "ufw reload",
        ],
        running=False,
    ),
    "several blocks": Case(
        [ENABLE],
        {
            "ufw/before.rules": stock("before.rules") + BLOCKS,
            "ufw/before6.rules": BLOCKS.replace("ufw-", "ufw6-") + stock("before6.rules"),
        },
    ),
    "only blanks": Case([ENABLE], {"ufw/after.rules": "\n# nothing\n\n"}),
    "built-in chains managed": Case([ENABLE], {"default/ufw": default_ufw(("BUILTINS=no", "BUILTINS=yes"))}),
    "files missing": Case([ENABLE, "rm /etc/ufw/before6.rules", ": > /etc/ufw/after.rules"], running=False),
    "user file missing": Case([ENABLE, "rm /etc/ufw/user6.rules"], running=False),
}


@pytest.mark.parametrize("name", CASES)
def test_tree_is_what_the_kernel_holds(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    outcome = run_ufw(tmp_path, case.commands, case.edits)
    for family, ruleset in assembled(outcome.etc).items():
        # the package ships user6.rules without limit chains: they come with the first rewrite, so not before a reload
        first_enable = family is Family.IPV6
        dumps = {"booted": outcome.booted[family]} | ({"running": outcome.running[family]} if case.running else {})
        for state, dump in dumps.items():
            expected = _shape(read_iptables_save(Source(f"{state}.{family.value}", dump), family))
            actual = _shape(ruleset)
            if state == "running" and first_enable:
                for chain in (("filter", "ufw6-user-limit"), ("filter", "ufw6-user-limit-accept")):
                    expected.pop(chain, None)
                    actual.pop(chain, None)
            assert actual == expected, f"{family.value} {state}\n{outcome.output}"


@pytest.mark.parametrize(
    "text",
    [
        STOCK_DEFAULT_UFW.replace("IPV6=yes", "IPV6 = yes"),
        STOCK_DEFAULT_UFW.replace("\n", "\r\n") + "\r\n",
        STOCK_DEFAULT_UFW + 'X="\n',
    ],
    ids=["blanks", "crlf", "open quote"],
)
def test_boot_script_ends(text: str, tmp_path: Path) -> None:
    """Where we say that no firewall is started there is none."""
    outcome = run_ufw(tmp_path, [BY_HAND], {"default/ufw": text})
    assert all("ufw" not in dump for dump in outcome.booted.values()), outcome.output
    _, problems = read_settings(_source(outcome.etc / "default" / "ufw"))
    assert any(problem.fatal and "no firewall is started" in problem.message for problem in problems)


BROKEN = {
    "typo": stock("before.rules").replace("-A ufw-before-input -i lo -j ACCEPT", "-A ufw-before-input -i lo -j ACEPT"),
    "after commit": stock("before.rules") + "-A ufw-before-input -p tcp --dport 25 -j ACCEPT\n",
    "no commit": stock("before.rules").replace("\nCOMMIT\n", "\n"),
    "nothing after": NAT.replace("MASQUERADE", "MASK") + stock("before.rules"),
    "nat survives": NAT + stock("before.rules").replace("-i lo -j", "-i lo --jmp"),
    "unknown option": stock("before.rules").replace("--dport 68", "--dprot 68"),
    "crlf": stock("before.rules").replace("\n", "\r\n"),
    "twice": BLOCKS + stock("before.rules").replace("--icmp-type echo-request", "--icmp-type echo"),
    "undefined chain": stock("before.rules").replace("-j ufw-not-local", "-j ufw-notlocal"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file_costs_its_table_block_and_the_rest(name: str, tmp_path: Path) -> None:
    """The tree as written up to the block that carries the first fatal problem is what the kernel holds."""
    commands = ["ufw allow 25/tcp", ENABLE, BY_HAND]
    outcome = run_ufw(tmp_path, commands, {"ufw/before.rules": BROKEN[name]})
    broken = outcome.etc / "ufw" / "before.rules"
    fatal = [problem for problem in assembled(outcome.etc)[Family.IPV4].problems if problem.fatal]
    assert fatal
    assert all(problem.span.source.name == str(broken) for problem in fatal)
    broken.write_text(_sound_part(broken.read_text(), min(problem.span.line for problem in fatal)))
    dump = Source("booted", outcome.booted[Family.IPV4])
    assert _shape(assembled(outcome.etc)[Family.IPV4]) == _shape(read_iptables_save(dump, Family.IPV4))


ADDED = {
    "no commit": "*filter\n-A ufw-before-input -p tcp --dport 8025 -j ACCEPT\n",
    "typo": "*filter\n-A ufw-before-input -p tcp --dprt 8025 -j ACCEPT\n-A INPUT -p tcp --dport 26 -j ACCEPT\nCOMMIT\n",
    "chain of its own": "*filter\n:mine - [0:0]\n-I ufw-before-input -j mine\n-A mine -i eth9 -j ACEPT\nCOMMIT\n",
    "default": "*filter\n:INPUT ACCEPT [0:0]\n-D ufw-before-input 1\n-F ufw-not-local\n-A INPUT -j nowhere\nCOMMIT\n",
    "line between": "-A ufw-before-input -j ACCEPT\n*filter\n-A ufw-before-input -j ACCEPT\nCOMMIT\n",
}


@pytest.mark.parametrize("name", ADDED)
def test_a_block_that_only_adds_and_does_not_load_is_not_judged(name: str, tmp_path: Path) -> None:
    """The tree as it is judged is what the kernel holds, the later files of ufw included."""
    added = {"ufw/before.rules": stock("before.rules") + ADDED[name]}
    outcome = run_ufw(tmp_path, ["ufw allow 25/tcp", ENABLE, BY_HAND], added)
    ruleset = assembled(outcome.etc)[Family.IPV4]
    assert any(problem.fatal for problem in ruleset.problems)
    dump = Source("booted", outcome.booted[Family.IPV4])
    assert _shape(ruleset) == _shape(read_iptables_save(dump, Family.IPV4)), outcome.output


def _sound_part(text: str, fault: int) -> str:
    """The blocks that iptables-restore has committed when it meets the fault; a comment where there is none."""
    lines = text.split("\n")[: fault - 1]
    while lines and lines[-1] != "COMMIT":
        lines.pop()
    return "".join(line + "\n" for line in ("# cut", *lines))


def _source(path: Path) -> Source:
    return Source(str(path), path.read_bytes().decode())


def assembled(etc: Path) -> dict[Family, Ruleset]:
    """The rulesets of a tree."""
    files = {role: _source(etc / "ufw" / role) for role in RULES_FILES if (etc / "ufw" / role).exists()}
    settings: dict[str, Setting] = {}
    for path in (etc / "default" / "ufw", etc / "ufw" / "ufw.conf"):
        settings = merge_settings(settings, read_settings(_source(path))[0])
    return {ruleset.family: ruleset for ruleset in assemble(files, settings)}


def _shape(ruleset: Ruleset) -> dict[tuple[str, str], object]:
    """What is compared: each chain's default and lines, without the order and the spelling of a line's options."""
    return {
        (table, name): (chain.default, [_line(rule) for rule in chain.rules])
        for table, chains in ruleset.tables.items()
        for name, chain in chains.items()
        if chain.rules or table == "filter"
    }


def _line(rule: FilterRule) -> tuple[object, ...]:
    return sorted(_condition(condition) for condition in rule.conditions), rule.target, rule.comment


def _condition(condition: Condition) -> str:
    # iptables-save spells out what was left to its defaults: --limit-burst 5, recent's --name DEFAULT --rsource
    return f"{condition.module} {condition.lone}" if isinstance(condition, Opaque) else repr(condition)

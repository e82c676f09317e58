"""Scripts of commands, run by the real tools: zimlint reads from the script what the tools hold afterwards."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.kernel.ufw_sandbox import missing, run_ufw
from zimlint.formats.iptables_commands import read_iptables_commands
from zimlint.formats.iptables_save import read_iptables_save
from zimlint.formats.ufw_commands import read_ufw_commands
from zimlint.formats.ufw_status import read_ufw_status
from zimlint.model import Condition, Ruleset, Target, Verdict
from zimlint.packets import Family
from zimlint.source import Source

_WHY_NOT = missing()
pytestmark = pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))

_START = ("ufw --force reset", "ufw default deny incoming", "ufw default allow outgoing")

UFW_SCRIPTS = {
    "short": ("ufw allow 22/tcp", "ufw allow 25", "ufw deny 53/udp", "ufw limit 22/tcp", "ufw reject 113/tcp"),
    "names": ("ufw allow smtp", "ufw allow ssh", "ufw allow domain", "ufw allow smtp/tcp"),
    "bad-names": ("ufw allow nosuchservice,25", "ufw allow imaps:993/tcp", "ufw allow 25,465", "ufw allow 70000/tcp"),
    "full": (
        "ufw allow proto tcp from 192.0.2.0/24 to any port 25,465,587",
        "ufw allow from 2001:db8::/32 to any port 993 proto tcp",
        "ufw deny from 203.0.113.5",
        "ufw allow from 192.0.2.7 port 53 to 198.51.100.2 port 1024:65535 proto udp",
    ),
    "refused": (
        "ufw allow 25 tcp",
        "ufw allow 25/tcp from 192.0.2.1",
        "ufw allow from any port",
        "ufw allow in on eth0 port 25",
        "ufw allow from 192.0.2.1 to 2001:db8::1",
        "ufw allow from 300.1.1.1",
        "ufw allow proto icmp from any",
        "ufw allow to any port 25,26",
        "ufw allow in on eth0:1 to any port 25",
        "ufw permit 25",
        "ufw allow 80/tcp",
    ),
    "interfaces": (
        "ufw allow in on eth0 to any port 25 proto tcp",
        "ufw deny out on eth1",
        "ufw deny out 25/tcp",
        "ufw allow out to 192.0.2.1 port 53",
    ),
    "routed": (
        "ufw route allow in on eth0 out on eth1 to 192.0.2.1 port 80 proto tcp",
        "ufw route deny in on eth2",
        "ufw route allow from 192.0.2.0/24",
        "ufw route allow out on eth3",
    ),
    "insert": (
        "ufw allow 22/tcp",
        "ufw allow 25/tcp",
        "ufw insert 1 deny from 203.0.113.5",
        "ufw insert 2 allow 993/tcp",
        "ufw insert 1 deny 25/tcp",
        "ufw insert 99 allow 110/tcp",
        "ufw insert 5 deny from 2001:db8::5",
        "ufw insert 0 allow 1/tcp",
    ),
    "insert-both": ("ufw allow from 192.0.2.1", "ufw allow 25/tcp", "ufw insert 2 deny 26/tcp", "ufw insert 1 deny 27"),
    "insert-behind": ("ufw allow 25/tcp", "ufw insert 2 allow 26/tcp", "ufw insert 4 allow 27/tcp"),
    "prepend": ("ufw prepend allow 25/tcp", "ufw prepend deny from 203.0.113.5", "ufw prepend deny 26/tcp"),
    "delete": (
        "ufw allow 22/tcp comment 'a'",
        "ufw allow 25",
        "ufw deny 25/tcp",
        "ufw delete allow 25",
        "ufw delete allow 22/tcp",
        "ufw delete deny 9/tcp",
    ),
    "delete-number": ("ufw allow 22/tcp", "ufw allow 25/tcp", "ufw --force delete 1", "ufw --force delete 3"),
    "replace": ("ufw allow 25/tcp", "ufw allow 22/tcp", "ufw deny 25/tcp", "ufw limit log 22/tcp"),
    "comments": ("ufw allow 25/tcp comment 'mail in'", "ufw allow comment 'x' 26/tcp", "ufw allow 25/tcp comment 'b'"),
    "logged": ("ufw allow log 25/tcp", "ufw deny in on eth0 log-all from 192.0.2.1", "ufw allow 26/tcp log"),
    "defaults": ("ufw default reject", "ufw default deny outgoing", "ufw default allow routed"),
    "protocols": ("ufw allow proto esp from 192.0.2.1", "ufw allow proto igmp from any"),
    "wide": ("ufw allow to any", "ufw allow from 0.0.0.0/0", "ufw allow from ::/0 to any port 25"),
    "disabled": ("ufw allow 25/tcp", "ufw disable"),
    "twice-reset": ("ufw allow 25/tcp", "rm /etc/ufw/*.rules.*", "ufw --force reset", "ufw allow 26/tcp"),
}


def _lines(rulesets: tuple[Ruleset, ...]) -> dict[str, list[tuple[tuple[Condition, ...], Target]]]:
    return {
        f"{ruleset.family.value} {table} {name}": [(rule.conditions, rule.target) for rule in chain.rules]
        for ruleset in rulesets
        for table, chains in ruleset.tables.items()
        for name, chain in chains.items()
    }


def _policies(rulesets: tuple[Ruleset, ...]) -> dict[str, Verdict | None]:
    return {
        f"{ruleset.family.value} {table} {name}": chain.default
        for ruleset in rulesets
        for table, chains in ruleset.tables.items()
        for name, chain in chains.items()
    }


@pytest.mark.parametrize("name", UFW_SCRIPTS)
def test_ufw_commands_leave_what_is_read_from_them(name: str, tmp_path: Path) -> None:
    commands = [*_START, *UFW_SCRIPTS[name]]
    if name != "disabled":
        commands.append("ufw --force enable")
    ran = run_ufw(tmp_path, [*commands, "echo '== status'", "ufw status verbose", "echo '== end'"])
    said, _, status = ran.output.partition("== status\n")
    _, real, wrong = read_ufw_status(Source("status", status.partition("== end")[0]), {})
    assert not wrong, status
    mine, problems = read_ufw_commands(Source("script.sh", "\n".join(commands) + "\n"), {})
    refused = said.count("ERROR: ")
    assert len(problems) == refused, said
    real_lines, my_lines = _lines(real), _lines(mine)
    if name == "disabled":  # then ufw shows no families
        my_lines = {chain: my_lines[chain] for chain in real_lines}
    assert my_lines == real_lines
    if name != "disabled":
        my_policies, real_policies = _policies(mine), _policies(real)
        for chain in ("ipv4 filter INPUT", "ipv4 filter OUTPUT"):
            assert my_policies.get(chain) == real_policies.get(chain)


IPTABLES_SCRIPTS = {
    "plain": "iptables -F\niptables -P INPUT DROP\niptables -A INPUT -p tcp --dport 25 -j ACCEPT\n",
    "insert": (
        "iptables -A INPUT -s 192.0.2.1 -j DROP\n"
        "iptables -I INPUT -i lo -j ACCEPT\n"
        "iptables -I INPUT 2 -j ACCEPT\n"
    ),
    "chains": "iptables -N mail\niptables -A INPUT -p tcp -j mail\niptables -A mail -p tcp --dport 25 -j ACCEPT\n",
    "delete": "iptables -A INPUT -s 192.0.2.1 -j DROP\niptables -A INPUT -j ACCEPT\niptables -D INPUT 1\n",
    "delete-rule": "iptables -A INPUT -s 192.0.2.1 -j DROP\niptables -D INPUT -s 192.0.2.1 -j DROP\n",
    "nat": (
        "iptables -t nat -A PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports 8443\n"
        "iptables -w -A INPUT -j DROP\n"
    ),
    "six": (
        "ip6tables -P INPUT DROP\n"
        "ip6tables -A INPUT -p ipv6-icmp -j ACCEPT\n"
        "ip6tables -A INPUT -s 2001:db8::/32 -j DROP\n"
    ),
    "both": "iptables -P INPUT DROP\nip6tables -P INPUT DROP\niptables -A INPUT -i lo -j ACCEPT\n",
    "comment": "iptables -A INPUT -m comment --comment 'let mail in' -p tcp --dport 25 -j ACCEPT\n",
    "comment-like-an-option": "iptables -A INPUT -m comment --comment -v -p tcp --dport 25 -j ACCEPT\n",
    "quotes": 'iptables -A INPUT -m comment --comment "a \\"b\\" c" -j ACCEPT\n',
    "continued": "iptables -A INPUT \\\n  -p tcp --dport 25 \\\n  -j ACCEPT\n",
    "late-table": "iptables -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080 -t nat\n",
    "state": (
        "iptables -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT\n"
        "iptables -A INPUT -m conntrack --ctstate NEW -j DROP\n"
    ),
    "ports": (
        "iptables -A INPUT -p tcp -m multiport --dports 25,465,587,993 -j ACCEPT\n"
        "iptables -A INPUT -p udp --sport 53 -j ACCEPT\n"
    ),
    "reject": "iptables -A INPUT -p tcp -j REJECT --reject-with tcp-reset\niptables -A INPUT -j REJECT\n",
    "negated": "iptables -A INPUT ! -s 192.0.2.0/24 -p tcp ! --dport 25 -j DROP\n",
    "flushed": "iptables -A INPUT -j DROP\niptables -F INPUT\niptables -A INPUT -i lo -j ACCEPT\n",
    "replace": "iptables -A INPUT -j DROP\niptables -R INPUT 1 -j ACCEPT\n",
    "attached": "iptables -A INPUT -ptcp --dport=25 -jACCEPT\n",
    "sources": "iptables -A INPUT -s 192.0.2.1,192.0.2.9 -j DROP\n",
    "looks": (
        "iptables -L -n\n"
        "iptables -S\n"
        "iptables -n -v -L INPUT\n"
        "iptables -A INPUT -j DROP\n"
        "iptables -C INPUT -j DROP\n"
    ),
    "refused": (
        "iptables -A INPUT --dport 25 -j ACCEPT\n"
        "iptables -A INPUT -p tcp --dport 70000 -j DROP\n"
        "iptables -A INPUT -j DROP\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IPTABLES_SCRIPTS)
def test_iptables_commands_leave_what_is_read_from_them(name: str, tmp_path: Path) -> None:
    script = tmp_path / "script.sh"
    script.write_text(IPTABLES_SCRIPTS[name])
    marker = "echo '== saved'; iptables-save; echo '== saved'; ip6tables-save"
    command = ["unshare", "-m", "-n", "sh", "-c", f"mount -t tmpfs none /run; bash {script} 2>&1; {marker}"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    _, four, six = ran.stdout.split("== saved\n")
    mine, _ = read_iptables_commands(Source("script.sh", IPTABLES_SCRIPTS[name]))
    for ruleset in mine:
        saved = Source("saved", four if ruleset.family is Family.IPV4 else six)
        real = read_iptables_save(saved, ruleset.family)
        # a table that never held a line need not be there
        assert {key: lines for key, lines in _lines((ruleset,)).items() if lines} == {
            key: lines for key, lines in _lines((real,)).items() if lines
        }
        for key, default in _policies((ruleset,)).items():
            known = ruleset.tables[key.split()[1]][key.split()[2]].default_known
            if known and "filter" in key:
                assert default == _policies((real,)).get(key, default)

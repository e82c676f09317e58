"""Ansible tasks, by the real Ansible: zimlint reads from the file what its modules run and leave."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.kernel.ansible_modules import ask, interpreter, why_not
from tests.kernel.test_commands import _lines, _policies
from tests.kernel.ufw_sandbox import missing, run_ufw
from zimlint.formats.ansible_commands import firewall_task
from zimlint.formats.ansible_tasks import read_ansible_tasks
from zimlint.formats.iptables_save import read_iptables_save
from zimlint.formats.shell_lines import Line
from zimlint.formats.ufw_status import read_ufw_status
from zimlint.model import Condition, DstPorts, Opaque, Protocols, Ruleset, Target
from zimlint.packets import Family, RangeSet
from zimlint.source import Source
from zimlint.yaml_tree import YamlList, YamlMap, read_tree

IPTABLES = "ansible.modules.iptables"
UFW = "ansible_collections.community.general.plugins.modules.ufw"


def needs(module: str) -> pytest.MarkDecorator:
    """Skipped where Ansible or the module is missing."""
    reason = why_not(module)
    return pytest.mark.skipif(reason is not None, reason=str(reason))


_WORDS: dict[str, list[object]] = {
    "protocol": ["tcp", "udp", "!tcp", "icmp", "6"], "source": ["192.0.2.0/24", "!203.0.113.9"],
    "destination": ["198.51.100.7", "!10.0.0.0/8"], "jump": ["ACCEPT", "DROP", "REJECT", "LOG", "TEE", "mail"],
    "goto": ["mail"], "gateway": ["192.0.2.1"], "in_interface": ["eth0", "!lo", "eth+"], "out_interface": ["eth1"],
    "fragment": ["! ", "x"], "set_counters": ["1 2"], "source_port": ["53", 123, "1024:65535"],
    "destination_port": [25, "7071", "!25", "8000:8010", "20:21", 22.0], "to_ports": ["8443"],
    "to_destination": ["192.0.2.1:25"], "to_source": ["192.0.2.9"], "src_range": ["192.0.2.1-192.0.2.9"],
    "dst_range": ["10.0.0.1-10.0.0.50"], "match_set": ["admins", "!admins"], "limit": ["5/second", "2/m"],
    "limit_burst": [20, "7"], "uid_owner": ["zimbra", "!root", 0], "gid_owner": ["zimbra"],
    "reject_with": ["tcp-reset", "icmp-port-unreachable"], "icmp_type": ["echo-request", 8],
    "comment": ["mail in", "a 'quoted' one", "-v"], "log_prefix": ["IN: "], "rule_num": [1, "3"],
    "log_level": [4, "info", "9"],
    "syn": ["match", "negate", "ignore", "no"], "match_set_flags": ["src", "src,dst"],
    "match": [["tcp"], "conntrack", ["state"], "iprange,set", []],
    "destination_ports": [["25", "465"], [80, 443], "25,80", []],
    "ctstate": [["NEW"], "ESTABLISHED,RELATED", ["ESTABLISHED", "RELATED"]],
    "tcp_flags": [{"flags": "ALL", "flags_set": ["ACK", "SYN"]}, {"flags": ["SYN"]}, {"flags": [], "set": []}, {}],
}  # fmt: skip
_OF_EVERY_TASK: dict[str, list[object]] = {
    "table": ["filter", "nat", "mangle", "none"], "state": ["present", "absent", "gone"],
    "action": ["append", "insert"], "ip_version": ["ipv4", "ipv6"], "flush": [True, "yes", False, "off", 3],
    "policy": ["DROP", "ACCEPT", "drop"], "chain_management": [True, False],
}  # fmt: skip
_UFW_WORDS: dict[str, list[object]] = {
    "rule": ["allow", "deny", "limit", "reject", "allow", "accept"], "port": [25, "7071", "25,465", "20:21", "smtp"],
    "to_port": ["993"], "from_port": ["53", 1024], "src": ["192.0.2.0/24", "any", "2001:db8::/32", None],
    "from": ["203.0.113.9"], "dest": ["198.51.100.7"], "to_ip": ["any"], "proto": ["tcp", "udp", "any", "esp", "icmp"],
    "protocol": ["tcp"], "name": ["OpenSSH", "Zimbra Mail"], "app": ["Samba"], "interface": ["eth0"], "if": ["eth1"],
    "interface_in": ["eth0"], "interface_out": ["eth1"], "direction": ["in", "out", "incoming", "outgoing", "routed"],
    "route": [True, "no", "maybe"], "delete": [True, False, "yes"], "insert": [1, "2", 0, -1, "first"],
    "log": [True, "no"], "comment": ["mail in", "it's", "a \"b\"", "x # y", ""],
    "state": ["enabled", "disabled", "reset", "reloaded"],
    "default": ["deny", "allow", "drop"], "policy": ["reject"], "logging": ["on", True, False, "low", "none", "full"],
    "insert_relative_to": ["zero", "middle"],
}  # fmt: skip


def drawn(chance: random.Random, module: str) -> dict[str, object]:
    """Arguments of a task, a fault among them now and then."""
    arguments: dict[str, object] = {}
    words = _WORDS if module == "iptables" else _UFW_WORDS
    if module == "iptables":
        arguments["chain"] = chance.choice(("INPUT", "mail"))
        arguments |= {
            name: chance.choice(choices) for name, choices in _OF_EVERY_TASK.items() if chance.random() < 0.12
        }
    elif chance.random() < 0.8:
        arguments["rule"] = chance.choice(words["rule"])
    for name in chance.sample(sorted(words), chance.randint(0, 6)):
        arguments[name] = chance.choice(words[name])
    if module == "iptables" and arguments.get("chain_management") and len(arguments) > 2:
        del arguments["chain_management"]  # with a rule the versions differ
    return arguments


def lines_of(module: str, text: str) -> tuple[Line, ...]:
    tree = read_tree(Source("tasks.yml", text))
    assert isinstance(tree, YamlList)
    assert isinstance(tree.items[0], YamlMap)
    found = firewall_task(tree.items[0])
    return found.lines if found else ()


def _is_empty(words: list[str]) -> bool:
    """``-A CHAIN`` and ``-I CHAIN 3``: a rule without anything, which Ansible adds no more since 2.15."""
    return words[3] in ("-A", "-I") and not any(word.startswith("-") for word in words[4:])


@pytest.mark.parametrize(
    ("module", "name"),
    [
        pytest.param("iptables", IPTABLES, marks=needs(IPTABLES)),
        pytest.param("ufw", UFW, marks=needs(UFW)),
    ],
)
def test_the_words_are_those_that_the_module_runs(module: str, name: str) -> None:
    chance = random.Random(7)
    texts = [yaml.safe_dump([{module: drawn(chance, module)}], sort_keys=False) for _ in range(1500)]
    calls = [(yaml.safe_load(text)[0][module], chance.random() < 0.5) for text in texts]
    compared = failed = 0
    for text, (arguments, absent), answer in zip(texts, calls, ask(name, calls), strict=True):
        lines = lines_of(module, text)
        assert not any(line.unsure for line in lines), (text, lines)
        run = [
            line
            for line in lines
            if (not line.refused and not line.only) or line.only == ("missing" if absent else "there")
        ]
        mine = [list(line.words) for line in run if not line.refused]
        real = [words for words in answer.commands if module == "ufw" or not _is_empty(words)]
        assert any(line.refused for line in lines) == bool(answer.failed), (text, lines, answer)
        assert mine == real, (text, arguments)
        compared += 1
        failed += bool(answer.failed)
    assert compared > 1000
    assert 100 < failed < 1000


def playbook(tasks: str) -> str:
    body = "".join(f"    {line}\n" for line in tasks.strip("\n").split("\n"))
    return f"- hosts: all\n  gather_facts: false\n  tasks:\n{body}"


def ansible(folder: Path) -> str:
    """The command that plays ``play.yml`` here, on this host; a task that fails ends it, and not the test."""
    options = f"-i localhost, -c local -e ansible_python_interpreter={interpreter()}"
    return f"cd {folder}; HOME={folder} LC_ALL=C.UTF-8 ansible-playbook {options} play.yml || true"


def _unordered(ruleset: Ruleset) -> dict[str, list[tuple[list[str], str]]]:
    """The lines of each chain that has some; iptables-save has an order of its own for what a line asks."""
    return {
        key: [(sorted(map(repr, conditions)), repr(target)) for conditions, target in lines]
        for key, lines in _lines((ruleset,)).items()
        if lines
    }


IPTABLES_TASKS = {
    "plain": """
- name: start afresh
  ansible.builtin.iptables: {chain: INPUT, flush: true}
- iptables:
    chain: INPUT
    policy: DROP
- iptables: {chain: INPUT, in_interface: lo, jump: ACCEPT}
- iptables: {chain: INPUT, ctstate: "ESTABLISHED,RELATED", jump: ACCEPT}
- iptables: {chain: INPUT, protocol: tcp, destination_ports: ["25", "465", "587"], ctstate: NEW, jump: ACCEPT}
""",
    "twice": """
- iptables: {chain: INPUT, protocol: tcp, destination_port: 25, jump: ACCEPT}
- iptables: {chain: INPUT, jump: DROP}
- iptables: {chain: INPUT, protocol: tcp, destination_port: 25, jump: ACCEPT}
- iptables: {chain: INPUT, protocol: tcp, destination_port: 25, jump: ACCEPT, comment: again}
""",
    "insert": """
- iptables: {chain: INPUT, jump: DROP}
- iptables: {chain: INPUT, source: 192.0.2.0/24, jump: ACCEPT, action: insert}
- iptables: {chain: INPUT, source: 198.51.100.0/24, jump: ACCEPT, action: insert, rule_num: 2}
- iptables: {chain: INPUT, source: 192.0.2.0/24, jump: ACCEPT, action: insert, rule_num: 3}
""",
    "absent": """
- iptables: {chain: INPUT, source: 192.0.2.0/24, jump: ACCEPT}
- iptables: {chain: INPUT, source: 198.51.100.0/24, jump: ACCEPT}
- iptables: {chain: INPUT, source: 192.0.2.0/24, jump: ACCEPT, state: absent}
- iptables: {chain: INPUT, source: 203.0.113.0/24, jump: ACCEPT, state: absent}
""",
    "six": """
- iptables: {chain: INPUT, ip_version: ipv6, protocol: ipv6-icmp, jump: ACCEPT}
- iptables: {chain: INPUT, ip_version: ipv6, source: "2001:db8::/32", protocol: tcp, jump: ACCEPT}
- iptables: {chain: INPUT, ip_version: ipv6, policy: DROP}
""",
    "octal-and-sixty": """
- iptables: {chain: INPUT, protocol: tcp, destination_port: 20:21, jump: ACCEPT}
- iptables: {chain: INPUT, protocol: tcp, destination_port: 0143, jump: ACCEPT}
- iptables: {chain: INPUT, protocol: tcp, destination_port: 8_080, jump: ACCEPT}
- iptables: {chain: INPUT, protocol: tcp, destination_port: "20:21", jump: ACCEPT}
""",
    "one-line": """
- iptables: chain=INPUT protocol=tcp destination_port=25 jump=ACCEPT comment="let mail in"
- iptables: chain=INPUT source=!192.0.2.0/24 jump=DROP
""",
    "matches": """
- iptables: {chain: INPUT, src_range: 192.0.2.1-192.0.2.9, jump: ACCEPT}
- iptables: {chain: INPUT, protocol: tcp, syn: match, limit: 5/sec, limit_burst: 20, jump: ACCEPT}
- iptables: {chain: INPUT, protocol: tcp, syn: negate, match: state, ctstate: [NEW], jump: DROP}
- iptables: {chain: INPUT, protocol: icmp, icmp_type: echo-request, jump: ACCEPT}
- iptables: {chain: INPUT, protocol: tcp, tcp_flags: {flags: ALL, flags_set: [SYN, FIN]}, jump: DROP}
- iptables: {chain: OUTPUT, uid_owner: "0", protocol: tcp, destination_port: "!25", jump: ACCEPT}
- iptables: {chain: INPUT, limit: 2/min, log_prefix: "refused: ", log_level: 4}
- iptables: {chain: INPUT, protocol: tcp, reject_with: tcp-reset}
""",
    "nat": """
- iptables:
    table: nat
    chain: PREROUTING
    in_interface: eth0
    protocol: tcp
    match: tcp
    destination_port: 443
    jump: REDIRECT
    to_ports: 8443
- iptables: {table: nat, chain: PREROUTING, protocol: tcp, jump: DNAT, to_destination: "192.0.2.1:25"}
""",
    "blocks": """
- block:
  - iptables: {chain: INPUT, source: 192.0.2.0/24, jump: ACCEPT}
  always:
  - iptables: {chain: INPUT, jump: DROP}
- shell: |
    iptables -A FORWARD -j DROP
    # a comment
    iptables -A FORWARD -p tcp -j ACCEPT
- command: iptables -A OUTPUT -p tcp --dport 25 -j ACCEPT
- command: {argv: [iptables, -A, OUTPUT, -p, tcp, --dport, 465, -j, ACCEPT]}
- iptables: {chain: INPUT, source: 192.0.2.7, jump: ACCEPT}
  check_mode: false
""",
    "fails": """
- iptables: {chain: INPUT, source: 192.0.2.0/24, jump: ACCEPT}
- iptables: {chain: INPUT, destination_port: 25, jump: ACCEPT}
""",
}


@pytest.mark.slow
@needs(IPTABLES)
@pytest.mark.skipif(missing() is not None, reason=str(missing()))
@pytest.mark.parametrize("name", IPTABLES_TASKS)
def test_iptables_tasks_leave_what_is_read_from_them(name: str, tmp_path: Path) -> None:
    text = playbook(IPTABLES_TASKS[name])
    (tmp_path / "play.yml").write_text(text)
    marker = "echo '== saved'; iptables-save; echo '== saved'; ip6tables-save"
    script = f"mount -t tmpfs none /run; {ansible(tmp_path)}; {marker}"
    ran = subprocess.run(
        ["unshare", "-m", "-n", "sh", "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    said, four, six = ran.stdout.split("== saved\n")
    mine, problems = read_ansible_tasks(Source("play.yml", text), {})
    assert bool(problems) == ("failed=1" in said) == (name == "fails"), (problems, said)
    assert mine
    for ruleset in mine:
        real = read_iptables_save(Source("saved", four if ruleset.family is Family.IPV4 else six), ruleset.family)
        assert _unordered(ruleset) == _unordered(real)
        for key, default in _policies((ruleset,)).items():
            _, table, chain = key.split()
            if table == "filter" and ruleset.tables[table][chain].default_known:
                assert default == _policies((real,)).get(key, default)


UFW_TASKS = {
    "plain": """
- community.general.ufw: {default: deny, direction: incoming}
- ufw: {rule: limit, port: ssh, proto: tcp, src: 198.51.100.0/28}
- ufw: {rule: allow, port: "25,465,587", proto: tcp, comment: mail}
- ufw: {rule: allow, name: Mail}
- ufw: {rule: allow, to_port: 993, from_ip: "2001:db8::/32", protocol: tcp}
""",
    "delete": """
- ufw: {rule: allow, port: 25}
- ufw: {rule: allow, port: 7071, proto: tcp}
- ufw: {rule: allow, port: 7071, proto: tcp, delete: true}
- ufw: {rule: deny, port: 9, proto: tcp, delete: yes}
""",
    "insert": """
- ufw: {rule: allow, port: 22, proto: tcp}
- ufw: {rule: deny, src: 203.0.113.5, insert: 1}
- ufw: {rule: allow, port: 22, proto: tcp, insert: 1}
""",
    "interfaces": """
- ufw: {rule: allow, interface: eth0, direction: in, port: 25, proto: tcp}
- ufw: {rule: allow, interface_in: eth1, port: 993, proto: tcp}
- ufw: {rule: deny, direction: out, port: 6667, proto: tcp}
- ufw: {rule: allow, route: true, interface_in: eth0, interface_out: eth1, port: 80, proto: tcp, log: true}
- ufw: {default: reject, direction: outgoing}
""",
    "all-at-once": """
- ufw: {state: enabled, policy: reject, rule: allow, port: 25, proto: tcp}
- ufw: {logging: on}
- ufw: rule=deny port=20:21 proto=tcp comment="no ftp"
- ufw: {rule: deny, port: 20:21, proto: tcp}
- shell: ufw allow 110/tcp
- command: ufw deny 143/tcp
""",
    "fails": """
- ufw: {rule: allow, port: 25, proto: tcp}
- ufw: {rule: allow, port: "25,26"}
""",
}


def _with_profile(
    lines: dict[str, list[tuple[tuple[Condition, ...], Target]]],
) -> dict[str, list[tuple[tuple[Condition, ...], Target]]]:
    """The lines with the ports of the profile, which the status shows and the tasks only name."""
    mail = (Protocols(RangeSet([(6, 6)])), DstPorts(RangeSet([(80, 80), (443, 443)])))

    def shown(condition: Condition) -> tuple[Condition, ...]:
        return mail if isinstance(condition, Opaque) and condition.module == "ufw-app" else (condition,)

    return {
        chain: [(tuple(part for each in conditions for part in shown(each)), target) for conditions, target in held]
        for chain, held in lines.items()
    }


@pytest.mark.slow
@needs(UFW)
@pytest.mark.skipif(missing() is not None, reason=str(missing()))
@pytest.mark.parametrize("name", UFW_TASKS)
def test_ufw_tasks_leave_what_is_read_from_them(name: str, tmp_path: Path) -> None:
    text = playbook(f"- ufw: {{state: reset}}\n- ufw: {{state: enabled}}\n{UFW_TASKS[name]}")
    work = tmp_path / "work"
    work.mkdir()
    (work / "play.yml").write_text(text)
    profile = {"ufw/applications.d/mail": "[Mail]\ntitle=Mail\ndescription=Mail\nports=80,443/tcp\n"}
    ran = run_ufw(tmp_path, [ansible(work), "echo '== status'", "ufw status verbose", "echo '== end'"], profile)
    said, _, status = ran.output.partition("== status\n")
    _, real, wrong = read_ufw_status(Source("status", status.partition("== end")[0]), {})
    assert not wrong, status
    mine, problems = read_ansible_tasks(Source("play.yml", text), {})
    assert bool(problems) == ("failed=1" in said) == (name == "fails"), (problems, said)
    assert _with_profile(_lines(mine)) == _lines(real)
    for chain in ("ipv4 filter INPUT", "ipv4 filter OUTPUT"):
        known = next(r for r in mine if r.family is Family.IPV4).tables["filter"][chain.split()[2]].default_known
        assert not known or _policies(mine)[chain] == _policies(real)[chain]

"""Ansible tasks without Ansible: what is evaluated, what is not and where that is said, and which files are taken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import lint_files, run_zimlint
from zimlint.finding import Report
from zimlint.formats import sniff
from zimlint.hosts import gather
from zimlint.source import Source

MAIL = "- ufw: {rule: allow, port: '25,443,465,587', proto: tcp}\n"
WHEN_IT_RUNS = "{{ x }} is only known when Ansible runs"
ADMIN = "- name: the admin console\n  ufw:\n    rule: allow\n    port: 7071\n    proto: tcp\n"


def found(text: str, name: str = "play.yml") -> list[str]:
    """The findings as ``check line:column``."""
    return told(lint_files({name: text}))


def told(report: Report) -> list[str]:
    return [f"{one.check} {one.span.line}:{one.span.column}" for one in report.findings]


def reason(text: str, name: str = "play.yml") -> str:
    (one,) = lint_files({name: text}).findings
    assert one.check == "unknown-command"
    return f"{one.span.line}:{one.span.column} {one.message.removeprefix('not evaluated: ')}"


@pytest.mark.parametrize(
    "module", ["ufw", "community.general.ufw", "ansible.builtin.iptables", "iptables", "ansible.legacy.iptables"]
)
def test_a_task_says_what_its_module_is_given(module: str) -> None:
    port = "port: 7071" if module.endswith("ufw") else "chain: INPUT, jump: ACCEPT, destination_port: 7071"
    rule = "rule: allow, proto: tcp" if module.endswith("ufw") else "protocol: tcp"
    assert found(f"---\n- name: open\n  {module}: {{{rule}, {port}}}\n") == ["admin-console-exposed 2:3"]


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("- ufw: {rule: allow, port: 7071}\n  when: x\n", "2:3", "'when' decides whether it runs"),
        ("- ufw: {rule: allow, port: 7071}\n  loop: [1]\n", "2:3", "'loop' decides with what it runs"),
        ("- ufw: {rule: allow, port: 7071}\n  with_items: [1]\n", "2:3", "'with_items' decides with what it runs"),
        ("- ufw: {rule: allow, port: 7071}\n  tags: [never]\n", "2:3", "'tags' with 'never' lets it run only"),
        ("- ufw: {rule: allow, port: 7071}\n  check_mode: yes\n", "2:3", "'check_mode' lets it change nothing"),
        ("- ufw: {rule: allow, port: 7071}\n  delegate_to: x\n", "2:3", "'delegate_to' runs it on another host"),
        ("- ufw: {rule: allow, port: 7071}\n  frob: x\n", "2:3", "'frob' is not known here"),
        ("- ufw: {rule: allow, port: '{{ x }}'}\n", "1:28", WHEN_IT_RUNS),
        ("- ufw: rule=allow port={{ x }}\n", "1:8", WHEN_IT_RUNS),
        ("- ufw: '{{ x }}'\n", "1:8", WHEN_IT_RUNS),
        ("- ufw: {rule: allow, comment: a $HOME}\n", "1:3", "$HOME is only known when the module runs"),
        ("- ufw: {rule: allow, prot: tcp}\n", "1:22", "'prot' is no argument that is known here"),
        ("- ufw: rule=allow 25\n", "1:8", "arguments in one line are read only as key=value"),
        ("- ufw: [allow, 25]\n", "1:8", "arguments are expected here, not a list"),
        (
            "- ufw: {rule: deny, insert: 1, insert_relative_to: last-ipv4}\n", "1:3",
            "'insert_relative_to' depends on the rules that are there when it runs",
        ),
        ("- action: ufw rule=allow port=7071\n- ufw: {state: enabled}\n", "1:3",
         "'action' is not read, only the module's name as a key"),
        ("- iptables: {chain: INPUT, source: [1.1.1.1, '{{ x }}']}\n", "1:46", WHEN_IT_RUNS),
        ("- iptables_state: {state: restored, path: x}\n- iptables: {chain: INPUT, policy: DROP}\n", "1:3",
         "what iptables_state loads stands in another file"),
        ("- command: ufw allow {{ x }}\n", "1:12", WHEN_IT_RUNS),
        ("- command: ufw allow 25 creates=/x\n", "1:12", "'creates' decides whether it runs"),
        ("- command: {cmd: ufw allow 25, removes: /x}\n", "1:32", "'removes' decides whether it runs"),
        ("- command: {argv: [ufw, allow, '{{ x }}']}\n- ufw: {state: enabled}\n", "1:32", WHEN_IT_RUNS),
        ("- shell: |\n    ufw allow 25\n    ufw allow {{ x }}\n", "3:5", WHEN_IT_RUNS),
        ("- shell: |\n    for p in 1 2; do\n      ufw allow $p\n    done\n", "3:7", "a loop decides whether it runs"),
        (
            "- block:\n  - ufw: {rule: allow, port: 1}\n  - ufw: {rule: allow, port: 2}\n  when: x\n", "4:3",
            "'when' decides whether it runs",
        ),
        (
            f"- block:\n  {MAIL}  rescue:\n  - ufw: {{rule: allow}}\n  - ufw: {{rule: allow, port: 2}}\n", "3:3",
            "'rescue' runs only where the block fails",
        ),
        (
            f"- hosts: a\n  tasks:\n  {MAIL}- hosts: b\n  tasks:\n  - ufw: {{rule: allow, port: 7071}}\n", "4:3",
            "this play is for b, the one above for a",
        ),
        (
            f"- hosts: a\n  tasks:\n  {MAIL}  handlers:\n  - ufw: {{rule: allow, port: 7071}}\n", "5:5",
            "a handler runs at the end, if something notifies it",
        ),
        ("- hosts: a\n  tasks: &t\n  - ufw: {rule: allow}\n", "2:10", "anchors and aliases are not read, expected"),
        ("- ufw: {rule: allow, comment: !vault x}\n", "1:31", "tags are not read, expected a plain value"),
        (f"{MAIL}---\n{MAIL}", "2:1", "a second document starts here, expected only one"),
        ("- ufw: {rule: allow, port: 1, port: 2}\n", "1:31", "'port' stands here a second time, first in line 1"),
        ("- ufw: {rule: allow\n- x: [\n", "2:4", "not YAML"),
        (f"{MAIL}- iptables: {{chain: INPUT, jump: DROP}}\n- iptables: {{chain: INPUT, policy: DROP}}\n", "2:3",
         "iptables is not followed in a file of ufw commands"),
    ],
)  # fmt: skip
def test_what_is_not_written_out_is_told_where_it_stands(text: str, at: str, says: str) -> None:
    said = reason(text)
    assert said.startswith(f"{at} ")
    assert said.removeprefix(f"{at} ").startswith(says)


@pytest.mark.parametrize(
    "text",
    [
        f"{MAIL}  name: a\n  become: true\n  tags: [a, b]\n  notify: x\n  register: y\n",
        f"{MAIL}  run_once: false\n  vars: {{a: b}}\n  check_mode: no\n",
        f"{MAIL}- apt: {{name: ufw}}\n  when: x\n  loop: '{{{{ y }}}}'\n",
        f"{MAIL}- ufw: {{state: reloaded}}\n  when: x\n- ufw: {{state: enabled, logging: on}}\n  when: x\n",
        f"{MAIL}- command: ufw status\n  register: x\n  when: y\n- shell: iptables -L -n | grep -q '{{{{ x }}}}'\n",
        f"{MAIL}- shell: ufw status | grep -q active || ufw --force enable\n",
        f"{MAIL}- include_tasks: '{{{{ x }}}}'\n- import_role: {{name: y}}\n  when: z\n",
        f"- hosts: a\n  roles: [b]\n  tasks:\n  {MAIL}  handlers:\n  - ufw: {{state: reloaded}}\n",
        f"- hosts: a\n  roles: [b]\n- hosts: c\n  tasks:\n  {MAIL}",
        f"- hosts: a\n  module_defaults: {{apt: {{x: y}}}}\n  tasks:\n  {MAIL}",
        "- iptables: {chain: INPUT, protocol: tcp, destination_port: 7071, jump: ACCEPT, state: absent}\n",
        "- iptables: {chain: old, chain_management: true, state: absent}\n",
        "- iptables: {chain: INPUT, jump: DROP, action: insert, rule_num: 1}\n",
        f"{MAIL}- {{}}\n- null\n- []\n- block:\n- hosts: a\n  tasks:\n",
    ],
)  # fmt: skip
def test_what_changes_nothing_is_not_told(text: str) -> None:
    assert found(text) == []


def test_a_ufw_that_was_switched_off_is_off_unless_something_may_enable_it() -> None:
    text = f"- ufw: {{state: reset}}\n{MAIL}- ufw: {{state: enabled}}\n"
    assert found(text) == []
    assert found(f"{text}  when: x\n") == ["unknown-command 4:3"]
    assert "default-accept 1:3" in found(f"- ufw: {{state: reset}}\n{MAIL}")


def test_the_tasks_of_iptables_may_switch_ufw_off_before() -> None:
    text = (
        "- ufw: {state: disabled}\n- iptables: {chain: INPUT, protocol: udp, destination_port: 11211, jump: ACCEPT}\n"
    )
    assert found(text) == ["memcached-exposed 2:3"]


def test_a_failing_module_is_told_in_its_words() -> None:
    (one,) = lint_files({"play.yml": "- ufw: {rule: allow, name: Mail, proto: tcp}\n"}).findings
    assert one.check == "unreadable-line"
    assert one.message == "Ansible's module ufw fails: parameters are mutually exclusive: name|proto|logging"


def test_yaml_makes_another_port_of_some() -> None:
    """As Ansible reads it: 20:21 counts minutes, a leading 0 is octal, and quotes keep both as they are."""
    port = "- ufw: {{rule: allow, proto: tcp, port: {}}}\n"
    for written, opened in (("20:21", "1221/tcp"), ("0143", "99/tcp"), ("9_999", "9999/tcp")):
        (one,) = lint_files({"play.yml": port.format(written)}).findings
        assert (one.check, one.ports) == ("unknown-port-open", (opened,))


def test_plays_run_in_the_order_of_ansible() -> None:
    post = "  post_tasks:\n  - ufw: {rule: deny, port: 25, proto: tcp}\n"
    pre = "  pre_tasks:\n  - ufw: {rule: allow, port: 25, proto: tcp}\n"
    reset = "  tasks:\n  - ufw: {state: reset}\n  - ufw: {state: enabled}\n"
    hosts, _ = gather([Source("play.yml", f"- hosts: a\n{post}{reset}{pre}")])
    (rule,) = hosts[0].rulesets[0].tables["filter"]["INPUT"].rules[2:]
    assert rule.span.line == 3


@pytest.mark.parametrize("between", ["- include_tasks: x\n", "- import_role: {name: x}\n", ""])
def test_where_other_files_have_tasks_the_view_is_partial(between: str) -> None:
    hosts, _ = gather([Source("play.yml", f"- ufw: {{state: reset}}\n{between}{MAIL}- ufw: {{state: enabled}}\n")])
    assert {ruleset.view for ruleset in hosts[0].rulesets} == {"fragment" if between else "status"}


def test_a_file_of_handlers_never_runs_by_itself() -> None:
    assert reason(ADMIN, "roles/x/handlers/main.yml") == "1:3 a handler runs at the end, if something notifies it"
    assert found("- ufw: {state: reloaded}\n", "roles/x/handlers/main.yml") == []


_ALLOW = "zimlint: allow admin-console-exposed: the VPN filters"


@pytest.mark.parametrize(
    "text",
    [
        f"# {_ALLOW}\n{ADMIN}",
        ADMIN.replace("console\n", f"console  # {_ALLOW}\n"),
        ADMIN.replace("7071\n", f"7071  # {_ALLOW}\n"),
        ADMIN.replace("    port", f"    # {_ALLOW}\n    port"),
        f"{ADMIN}    comment: '{_ALLOW}'\n",
        f'{ADMIN}    comment: "{_ALLOW}"\n',
        f'- ufw: {{rule: allow, port: 7071, proto: tcp, comment: "{_ALLOW}"}}\n',
        f"- ufw: 'rule=allow port=7071 proto=tcp comment=\"{_ALLOW}\"'\n",
        f"- shell: |\n    # {_ALLOW}\n    ufw allow 7071/tcp\n",
        f"- shell: |\n    ufw allow 7071/tcp comment '{_ALLOW}'\n",
    ],
)
def test_a_suppression_speaks_for_its_task(text: str) -> None:
    report = lint_files({"play.yml": f"{MAIL}{text}"})
    assert told(report) == []
    assert [one.finding.check for one in report.suppressed] == ["admin-console-exposed"]
    other = "- name: another\n  ufw: {rule: allow, src: 10.0.0.0/8, port: 9071, proto: tcp}\n"
    again = lint_files({"play.yml": f"{MAIL}{text}{other.replace('9071', '7072')}"})
    assert "internal-port-exposed" in [one.check for one in again.findings] or told(again)
    assert len(again.suppressed) == 1


def test_a_suppression_in_a_task_with_a_list() -> None:
    text = "- iptables:\n    chain: INPUT\n    protocol: tcp\n    destination_ports:\n    - '7071'\n    jump: ACCEPT\n"
    report = lint_files({"play.yml": f"{text}    comment: '{_ALLOW}'\n"})
    assert told(report) == []
    assert len(report.suppressed) == 1


def test_a_suppression_of_a_play_is_none_of_its_tasks() -> None:
    tasks = "".join(f"  {line}\n" for line in ADMIN.splitlines())
    text = f"# {_ALLOW}\n- hosts: a\n  tasks:\n{tasks}"
    assert "admin-console-exposed 4:5" in found(text)


def test_what_is_not_evaluated_is_accepted_above_the_task() -> None:
    text = "- name: all\n  ufw: {rule: allow, port: '{{ x }}'}\n"
    text = f"# zimlint: allow unknown-command: the list is in the vault\n{text}"
    report = lint_files({"play.yml": text})
    assert told(report) == []
    assert len(report.suppressed) == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (ADMIN, "ansible-tasks"),
        (f"#!/usr/bin/env ansible-playbook\n---\n# x\n{ADMIN}", "ansible-tasks"),
        ("- hosts: a\n  tasks:\n    - shell: |\n        ufw allow 25\n", "ansible-tasks"),
        ("- {name: a, ufw: {rule: allow}}\n", "ansible-tasks"),
        ("- command: iptables -A INPUT -j DROP\n", "ansible-tasks"),
        ("- command: iptables -L -n\n- apt: {name: ufw}\n", None),
        ("- copy: {src: ufw, dest: /etc/ufw}\n", None),
        ("ufw:\n  rules: [25]\n", None),
        ("firewall:\n  - ufw: true\n", None),
        ("$ANSIBLE_VAULT;1.1;AES256\n6162\n", None),
    ],
)
def test_what_is_taken_for_tasks(text: str, kind: str | None) -> None:
    assert sniff(Source("some", text)) == kind


def test_a_folder_is_searched_where_tasks_are_kept(tmp_path: Path) -> None:
    for place in ("tasks/main.yml", "playbooks/deep/a.yaml", "handlers/main.yml", "vars/main.yml", "site.yml"):
        path = tmp_path / "roles" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ADMIN)
    (tmp_path / "roles/tasks/packages.yml").write_text("- apt: {name: ufw}\n")
    (tmp_path / "roles/tasks/broken.yml").write_text("- apt: {name: [\n")
    (tmp_path / "roles/tasks/play.yml.j2").write_text(ADMIN)
    run = run_zimlint("--show-files", ".", cwd=tmp_path)
    assert [line.split()[-1] for line in run.out.splitlines() if "ansible" in line] == [
        "roles/playbooks/deep/a.yaml",
        "roles/tasks/main.yml",
    ]
    assert run.status == 0
    inside = run_zimlint("--show-files", ".", cwd=tmp_path / "roles" / "tasks")
    assert "main.yml" in inside.out
    assert run_zimlint("--format", "json", "site.yml", cwd=tmp_path / "roles").checks() == ["admin-console-exposed"]


def test_roles_are_hosts_of_their_own_names() -> None:
    hosts, _ = gather([Source(f"roles/{role}/tasks/main.yml", ADMIN) for role in ("mail", "web")])
    assert [host.name for host in hosts] == ["mail/tasks/main.yml", "web/tasks/main.yml"]


def test_yaml_is_only_loaded_for_yaml(tmp_path: Path) -> None:
    (tmp_path / "rules.v4").write_text("*filter\n:INPUT DROP [0:0]\nCOMMIT\n")
    (tmp_path / "play.yml").write_text(ADMIN)
    script = "import sys; from zimlint.cli import main; main(sys.argv[1:]); sys.exit('yaml' in sys.modules)"
    for name, loaded in (("rules.v4", 0), ("play.yml", 1)):
        ran = subprocess.run([sys.executable, "-c", script, "-q", name], cwd=tmp_path, capture_output=True, check=False)
        assert ran.returncode == loaded

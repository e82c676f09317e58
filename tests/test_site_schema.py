"""The JSON Schema of the site file says what the reader of the site file says; ``init`` writes a file that is valid."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from tests.helpers import FIXTURES, ROOT, run_zimlint
from tests.zimbra.test_site import FULL
from zimlint.checks import load_checks
from zimlint.source import ConfigError, Source
from zimlint.yaml_tree import YamlList, YamlMap, YamlNode, YamlText, read_tree
from zimlint.zimbra.site import ROLES
from zimlint.zimbra.site_file import KEYS, read_site

SCHEMA = json.loads(run_zimlint("schema").out)

GOOD = [
    "", "{}\n", FULL, "networks:\nhosts:\n", "zimbra: {version: 10.1}\n", 'zimbra: {version: "8.8.15_P46"}\n',
    "zimbra: {proxy: no}\n", "ssh_port: 2222\n", "roles: [mta, proxy]\n", "hosts: {mail1: {}, mail2: }\n",
    "networks: {admin: [10.0.0.0/8, '2001:db8::/32', 192.0.2.7], of_fice: []}\n",
    "severity: {ssh-exposed: off}\n", "fail_on: info\n", "interfaces: {inside: [eth1, tun+]}\n", "rules: [my/rules]\n",
    "ignore: [{check: ssh-exposed, path: 'mail1/**', reason: keys only}]\n",
    "ignore:\n- check: ssh-exposed, unknown-port-open\n  path: a\n  ports: [22/tcp, 8000-8010/udp]\n  reason: x\n"
    "  until: 2026-12-31\n",
    "ignore:\n",
]  # fmt: skip
BAD = [
    "network: {}\n", "- a\n", "hello\n", "networks: [10.0.0.0/8]\n", "networks: {admin: 10.0.0.0/8}\n",
    "networks: {admin: [mail.example.org]}\n", "networks: {admin: [0.0.0.0/0]}\n", "networks: {public: []}\n",
    "networks: {'a b': []}\n", "zimbra: {version: ten}\n", "zimbra: {proxy: maybe}\n", "zimbra: {prox: true}\n",
    "zimbra: 10.1\n", "ssh_port: ssh\n", "ssh_port: 65536\n", "ssh_port: [22]\n", "roles: [mailbx]\n", "roles: mta\n",
    "hosts: [mail1]\n", "hosts: {mail1: {roles: [x]}}\n", "hosts: {mail1: {pth: a}}\n", "hosts: {mail1: {path: []}}\n",
    "also_allowed: [10000/tcp]\n", "also_allowed: [10000/icmp from admin]\n",
    "also_allowed: [70000/tcp from public]\n", "severity: {ssh-exposd: error}\n", "severity: {ssh-exposed: high}\n",
    "fail_on: never\n", "interfaces: {outside: [eth0]}\n", "interfaces: {inside: [eth+1]}\n",
    "interfaces: {inside: [abcdefghijklmnop]}\n", "ignore: {check: a}\n", "ignore: [ssh-exposed]\n",
    "ignore: [{check: ssh-exposed, reason: a}]\n",
    "ignore: [{path: a, reason: a}]\n", "ignore: [{check: 'ssh-exposed,', path: a, reason: b}]\n",
    "ignore: [{check: ssh-exposed, path: a, reason: b, until: tomorrow}]\n",
    "ignore: [{check: ssh-exposed, path: a, reason: b, until: 20261231}]\n",
    "ignore: [{check: ssh-exposed, path: a, reason: b, ports: [22]}]\n",
    "ignore: [{check: ssh-exposed, path: a, reason: b, ports: []}]\n",
    "ignore: [{check: ssh-exposed, path: a, reason: b, ports: [70000/tcp]}]\n",
    "ignore: [{check: ssh-exposed, path: a, reason: b, port: [22/tcp]}]\n", "rules: my/rules\n", "rules: [[a]]\n",
]  # fmt: skip

TOLD = [
    "ignore: [{check: ssh-exposed, path: a}]\n", "ignore: [{check: ssh-exposed, path: a, reason: '  '}]\n",
    "ignore: [{check: ssh-exposed, path: a, reason: ''}]\n", "ignore: [{check: ssh-exposed, path: a, reason: }]\n",
]  # fmt: skip
"""What a run reads and tells as a finding, and an editor marks while it is written."""


def value_of(node: YamlNode | None) -> object:
    """What an editor hands to the schema: plain words by the core schema of YAML 1.2."""
    match node:
        case YamlMap():
            return {key: value_of(value) for key, value in node.entries.items()}
        case YamlList():
            return [value_of(item) for item in node.items]
        case YamlText(text=text, plain=True):
            words: dict[str, object] = {"true": True, "false": False, "null": None, "~": None, "": None}
            if text.lower() in words:
                return words[text.lower()]
            try:
                return int(text)
            except ValueError:
                try:
                    return float(text)
                except ValueError:
                    return text
        case YamlText(text=text):
            return text
        case None:
            return None


def is_valid(text: str) -> bool:
    """What the schema says."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return bool(validator.is_valid(value_of(read_tree(Source("x", text)))))


def is_read(text: str) -> bool:
    """What the reader says."""
    try:
        read_site(Source(".zimlint.yaml", text), checks=load_checks())
    except ConfigError:
        return False
    return True


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == set(KEYS)
    assert tuple(SCHEMA["$defs"]["roles"]["items"]["enum"]) == ROLES


@pytest.mark.parametrize("text", GOOD)
def test_what_is_read_is_valid(text: str) -> None:
    assert (is_read(text), is_valid(text)) == (True, True)


@pytest.mark.parametrize("text", BAD)
def test_what_is_refused_is_not_valid(text: str) -> None:
    assert (is_read(text), is_valid(text)) == (False, False)


@pytest.mark.parametrize("text", TOLD)
def test_what_is_told_as_a_finding_is_not_valid(text: str) -> None:
    """An entry without a reason is no broken file, but an editor is to mark it while it is written."""
    assert (is_read(text), is_valid(text)) == (True, False)


def test_the_site_files_of_the_fixtures_are_valid() -> None:
    files = sorted(FIXTURES.rglob(".zimlint.yaml"))
    assert files
    for file in files:
        if file.parent.name == "fires-site-file-without-a-reason":
            continue
        assert is_valid(file.read_text(encoding="utf-8")), file


def test_the_example_of_the_readme_is_valid() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = next(part for part in readme.split("```yaml\n") if part.startswith("networks:")).split("```")[0]
    assert (is_read(example), is_valid(example)) == (True, True)


@pytest.mark.parametrize("name", ["single-correct", "open", "french-status"])
def test_init_writes_a_file_that_changes_no_finding(name: str, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "hosts" / name, tmp_path / "mail1")
    (tmp_path / "mail1" / ".zimlint.yaml").unlink(missing_ok=True)
    before = run_zimlint("--format", "json", ".", cwd=tmp_path)
    assert run_zimlint("init", ".", cwd=tmp_path).status == 0
    text = (tmp_path / ".zimlint.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=")
    assert (is_read(text), is_valid(text)) == (True, True)
    assert "\nhosts:\n  mail1: {path: mail1}\n" in text
    assert run_zimlint("--format", "json", ".", cwd=tmp_path).checks() == before.checks()


def test_init_leaves_several_hosts_to_be_given_roles(tmp_path: Path) -> None:
    for name in ("mail1", "mail2"):
        shutil.copytree(FIXTURES / "hosts" / "open", tmp_path / "hosts" / name)
    assert "written for 2 hosts" in run_zimlint("init", ".", cwd=tmp_path).out
    text = (tmp_path / ".zimlint.yaml").read_text(encoding="utf-8")
    assert "\n#   mail2: {path: hosts/mail2, roles: [ldap, " in text
    uncommented = text.replace("\n# hosts:", "\nhosts:").replace("\n#   mail", "\n  mail")
    assert (is_read(uncommented), is_valid(uncommented)) == (True, True)


def test_init_names_the_sources_that_it_saw(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "hosts" / "single-correct", tmp_path / "mail1")
    (tmp_path / "mail1" / ".zimlint.yaml").unlink()
    run_zimlint("init", "mail1/rules.v4", cwd=tmp_path)
    assert "#   198.51.100.0/28  (mail1/rules.v4:" in (tmp_path / "mail1" / ".zimlint.yaml").read_text(encoding="utf-8")


def test_init_never_overwrites(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "hosts" / "open", tmp_path / "mail1")
    (tmp_path / ".zimlint.yaml").write_text("fail_on: info\n")
    run = run_zimlint("init", ".", cwd=tmp_path)
    assert (run.status, run.err) == (2, "zimlint: .zimlint.yaml is there already, nothing is written\n")
    assert (tmp_path / ".zimlint.yaml").read_text() == "fail_on: info\n"


def test_a_misspelt_option_gets_a_hint() -> None:
    assert "did you mean '--format'?" in run_zimlint("--formt", "json", "x").err
    assert "did you mean 'memcached-exposed'?" in run_zimlint("--select", "memcached-exposd", "hosts/open").err

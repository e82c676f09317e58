"""One node of each role, as correct as it can be, is left alone; so is the mailbox of a site without a proxy."""

from __future__ import annotations

import json

import pytest

from tests.helpers import FIXTURES, run_zimlint
from zimlint.zimbra.site import DEFAULT_ROLES

NODES = sorted(path.name for path in (FIXTURES / "hosts").glob("role-*") if path.is_dir())


def test_every_role_has_its_node() -> None:
    assert {f"role-{role}" for role in DEFAULT_ROLES} <= {*NODES}


@pytest.mark.parametrize("name", NODES)
def test_a_correct_node_gets_no_finding(name: str) -> None:
    run = run_zimlint(name, cwd=FIXTURES / "hosts")
    assert (run.out, run.status) == ("", 0)


@pytest.mark.parametrize("name", NODES)
def test_the_map_of_a_correct_node_marks_nothing(name: str) -> None:
    run = run_zimlint("exposure", "--format", "json", name, cwd=FIXTURES / "hosts")
    (host,) = json.loads(run.out)["hosts"]
    assert [cell for row in host["services"] for cell in row["cells"] if cell["against_practice"]] == []
    assert host["notes"] == []


@pytest.mark.parametrize(
    ("name", "ports"), [("role-mailbox", {7143, 8443}), ("role-mailbox-without-proxy", {143, 443})]
)
def test_the_proxy_decides_which_rows_a_mailbox_has(name: str, ports: set[int]) -> None:
    run = run_zimlint("exposure", "--format", "json", name, cwd=FIXTURES / "hosts")
    (host,) = json.loads(run.out)["hosts"]
    on_host = {row["port"] for row in host["services"] if row["on_host"]}
    assert on_host & {143, 443, 7143, 8443} == ports

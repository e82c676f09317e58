"""Checks and ports of users: the worked example of the README, and what is wrong in one is pointed at."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import FIXTURES, ROOT, run_zimlint
from zimlint.checks import AFTERWARDS, QUESTIONS
from zimlint.params import PARAMS

EXAMPLE = FIXTURES / "rules" / "webmin"
RULES = str(EXAMPLE / "rules")


def test_the_site_file_names_the_folder() -> None:
    run = run_zimlint("--format", "json", "mail1", cwd=EXAMPLE)
    assert (run.checks(), run.status) == (["webmin-exposed"], 1)


def test_the_option_names_the_folder(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "mail1", tmp_path / "mail1")
    assert run_zimlint("--format", "json", "mail1", cwd=tmp_path).checks() == ["unknown-port-open"]
    run = run_zimlint("--rules", RULES, "--format", "json", "mail1", cwd=tmp_path)
    assert run.checks() == ["webmin-exposed"]
    run = run_zimlint("--rules", RULES, "--select", "webmin-exposed", "--format", "json", "mail1", cwd=tmp_path)
    assert run.checks() == ["webmin-exposed"]


def test_the_lists_have_them() -> None:
    assert "\nwebmin-exposed " in run_zimlint("checks", "--rules", RULES).out
    assert run_zimlint("explain", "webmin-exposed", "--rules", RULES).out.startswith("webmin-exposed (error): ")
    ports = run_zimlint("ports", "--rules", RULES).out
    assert "\n10000/tcp  Webmin " in ports
    assert "Webmin" not in run_zimlint("ports").out


def test_the_map_has_their_ports() -> None:
    shown = run_zimlint("exposure", "mail1", cwd=EXAMPLE)
    assert shown.status == 0
    assert "Webmin" in shown.out


CHECK, ROW = "checks/webmin-exposed.yaml", "catalogue/webmin.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "message"),
    [
        (CHECK, "  allowed: [admin]", "  alowed: [admin]", "6:3", "unknown key 'alowed', did you mean 'allowed'?"),
        (CHECK, "[10000/tcp]", "[10001/tcp]", "5:11", "'10001/tcp' is not in the catalogue"),
        (CHECK, "[10000/tcp]", "10000/tcp", "5:10", "params: ports: expected a list like [a, b]"),
        (CHECK, "  allowed: [admin]", "  lan: fatal", "6:8", "params: lan: expected one of error"),
        (CHECK, "question: exposed", "question: exposd", "3:11", "did you mean 'exposed'?"),
        (CHECK, "question: exposed", "question: stale", "5:3", "the question 'stale' takes none"),
        (CHECK, "question: exposed", "question: family", "5:3", "unknown key 'ports', expected kind"),
        (CHECK, "  ports: [10000/tcp]\n", "", "5:3", "needs ports or classes"),
        (CHECK, "id: webmin-exposed", "id: webmin", "1:5", "expected 'webmin-exposed' like the file's name"),
        (ROW, "exposure: admin", "exposure: admins", "3:13", "exposure: expected one of public"),
        (ROW, "10000/tcp", "22/tcp", "1:3", "22/tcp is there already"),
        (ROW, "10000/tcp", "10000", "1:9", "expected a port like 10000/tcp"),
        (ROW, "  name: Webmin\n", "", "1:3", "expected the key 'name'"),
        (ROW, "  why:", "  wy:", "5:3", "did you mean 'why'?"),
        (ROW, "admin: true", "admin: perhaps", "4:10", "expected true or false"),
        (ROW, "- port", "  port", "1:3", "expected a list of rows"),
    ],
)  # fmt: skip
def test_a_mistake_is_pointed_at(tmp_path: Path, file: str, old: str, new: str, place: str, message: str) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "rules" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    run = run_zimlint("mail1", cwd=tmp_path)
    assert run.status == 2
    assert run.err.startswith(f"zimlint: rules/{file}:{place}: ")
    assert message in run.err
    assert run.err.count("\n") == 1


def test_what_zimlint_ships_is_not_redefined(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    shutil.copy(ROOT / "rules" / "checks" / "ssh-exposed.yaml", tmp_path / "checks")
    run = run_zimlint("checks", "--rules", str(tmp_path))
    assert "zimlint has a check 'ssh-exposed' already" in run.err
    assert run.status == 2


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_rules_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    run = run_zimlint("checks", "--rules", name, cwd=tmp_path)
    assert run.status == 2
    assert run.err.startswith(f"zimlint: {name}: no ")


def test_each_question_says_what_it_may_be_asked_with() -> None:
    """Those without parameters are not in the table; none is in it that does not exist."""
    assert set(PARAMS) <= {*QUESTIONS, AFTERWARDS}


def test_a_run_without_them_loads_nothing_of_them() -> None:
    code = "import sys, zimlint.cli as c; c.main(['fixtures/hosts/open/rules.v4']); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"zimlint.params", "zimlint.cli.own_rules", "zimlint.suppressions.weigh"} & set(run.stdout.split())

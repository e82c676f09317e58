"""Checks and ports of users: the worked example of the README, and what is wrong in one is pointed at."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import FIXTURES, ROOT, run_zimlint
from zimlint.checks import AFTERWARDS, QUESTIONS
from zimlint.params import PARAMS, SOURCE_WORDS
from zimlint.zimbra.sources import DECLARED, LAN, PUBLIC

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


def test_the_lists_have_those_of_the_site_file() -> None:
    """It is the nearest one from the current folder upward, or the one that is named."""
    for place in (EXAMPLE, EXAMPLE / "mail1"):
        assert "\nwebmin-exposed " in run_zimlint("checks", cwd=place).out
        assert "\n10000/tcp  Webmin " in run_zimlint("ports", cwd=place).out
        assert run_zimlint("explain", "webmin-exposed", cwd=place).out.startswith("webmin-exposed (error): ")
    named = run_zimlint("explain", "webmin-exposed", "--config", str(EXAMPLE / ".zimlint.yaml"), cwd=ROOT)
    assert named.out.startswith("webmin-exposed (error): ")
    assert run_zimlint("explain", "webmin-exposed", cwd=ROOT).status == 2


def test_the_map_has_their_ports(tmp_path: Path) -> None:
    for here, words in ((EXAMPLE, ("mail1",)), (ROOT, (str(EXAMPLE / "mail1"),))):
        shown = run_zimlint("exposure", *words, cwd=here)
        assert shown.status == 0
        assert "Webmin" in shown.out
    shutil.copytree(EXAMPLE / "mail1", tmp_path / "mail1")
    assert "Webmin" in run_zimlint("exposure", "--rules", RULES, "mail1", cwd=tmp_path).out
    assert run_zimlint("--format", "html", "--output", str(tmp_path / "x.html"), "mail1", cwd=EXAMPLE).status == 1
    assert "Webmin" in (tmp_path / "x.html").read_text()


def test_a_folder_that_is_named_twice_is_read_once() -> None:
    run = run_zimlint("--rules", "rules", "--rules", RULES, "--format", "json", "mail1", cwd=EXAMPLE)
    assert run.checks() == ["webmin-exposed"]


@pytest.mark.parametrize(
    ("site", "status"),
    [
        ("networks: {vpn: [10.8.0.0/24]}\n", 1), ("networks: {admin: [198.51.100.0/28]}\n", 2), (None, 2),
    ],
)  # fmt: skip
def test_a_check_may_name_the_networks_of_the_site(tmp_path: Path, site: str | None, status: int) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    check = tmp_path / CHECK_FILE
    check.write_text(check.read_text().replace("[admin]", "[admin, vpn]"))
    (tmp_path / ".zimlint.yaml").unlink()
    assert run_zimlint("checks", "--rules", "rules", cwd=tmp_path).status == 0  # nobody knows the site here
    if site is not None:
        (tmp_path / ".zimlint.yaml").write_text(site)
    run = run_zimlint("--rules", "rules", "mail1", cwd=tmp_path)
    assert run.status == status
    assert ("'vpn' is not among networks" in run.err) is (status == 2)
    if site is not None:
        (tmp_path / ".zimlint.yaml").write_text(f"{site}rules: [rules]\n")
        assert run_zimlint("mail1", cwd=tmp_path).status == status


CHECK_FILE = "rules/checks/webmin-exposed.yaml"


CHECK, ROW = "checks/webmin-exposed.yaml", "catalogue/webmin.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "message"),
    [
        (CHECK, "  allowed: [admin]", "  alowed: [admin]", "6:3", "unknown key 'alowed', did you mean 'allowed'?"),
        (CHECK, "[10000/tcp]", "[10001/tcp]", "5:11", "'10001/tcp' is not in the catalogue"),
        (CHECK, "[10000/tcp]", "[10000]", "5:11", "is not in the catalogue, did you mean '10000/tcp'?"),
        (CHECK, "[10000/tcp]", "[10000/udp]", "5:11", "did you mean '10000/tcp'?"),
        (CHECK, "[10000/tcp]", "[]", "5:10", "params: ports: expected at least one"),
        (CHECK, "ports: [10000/tcp]", "classes: [admins]", "5:13", "did you mean 'admin'?"),
        (CHECK, "allowed: [admin]", "allowed: [adm]", "6:13", "'adm' is not among networks, did you mean 'admin'?"),
        (CHECK, "allowed: [admin]", "allowed: [vpn]", "6:13", "'vpn' is not among networks, expected declared, public"),
        (CHECK, "allowed: [admin]", "nobody: [ssh]", "6:12", "'ssh' is not in the catalogue"),
        (CHECK, "allowed: [admin]", "limited: off", "6:12", "limited: expected one of error, warning, info, not 'off'"),
        (CHECK, "severity: error", "severity: note", "2:11", "'note' and the question 'note' belong together"),
        (CHECK, "severity: error", "severity: eror", "2:11", "did you mean 'error'?"),
        (CHECK, "question: exposed", "question: problem", "3:11", "'problem' is of zimlint's own checks only"),
        (CHECK, "question: exposed", "question: suppression", "3:11", "is of zimlint's own checks only"),
        (CHECK, "question: exposed", "question: setting", "5:3", "unknown key 'ports', expected key, is, is_not"),
        (CHECK, "{networks}", "{network}", "9:6", "expected no braces but"),
        (CHECK, "[10000/tcp]", "10000/tcp", "5:10", "params: ports: expected a list like [a, b]"),
        (CHECK, "  allowed: [admin]", "  lan: fatal", "6:8", "params: lan: expected one of error"),
        (CHECK, "question: exposed", "question: exposd", "3:11", "did you mean 'exposed'?"),
        (CHECK, "question: exposed", "question: stale", "5:3", "the question 'stale' takes none"),
        (CHECK, "question: exposed", "question: family", "5:3", "unknown key 'ports', expected kind"),
        (CHECK, "  ports: [10000/tcp]\n", "", "5:3", "needs ports or classes"),
        (CHECK, "id: webmin-exposed", "id: webmin", "1:5", "expected 'webmin-exposed' like the file's name"),
        (ROW, "exposure: admin", "exposure: admins", "3:13", "exposure: expected one of public"),
        (ROW, "exposure: admin", "exposure: admn", "3:13", "did you mean 'admin'?"),
        (ROW, "10000/tcp", "10000/tpc", "1:9", "expected a port like 10000/tcp, not '10000/tpc'"),
        (ROW, "admin: true", "roles: [mtaa]", "4:11", "did you mean 'mta'?"),
        (ROW, "admin: true", "internet: need", "4:13", "expected one of required, optional, no, not 'need'"),
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


@pytest.mark.parametrize(
    "words", [("checks",), ("ports",), ("explain", "ssh-exposed"), ("exposure", "mail1"), ("baseline", "mail1")]
)
def test_every_command_points_at_it_alike(tmp_path: Path, words: tuple[str, ...]) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    check = tmp_path / CHECK_FILE
    check.write_text(check.read_text().replace("[admin]", "[adm]"))
    run = run_zimlint(*words, cwd=tmp_path)
    assert (run.out, run.status) == ("", 2)
    assert (
        run.err == f"zimlint: {CHECK_FILE}:6:13: params: allowed: 'adm' is not among networks, did you mean 'admin'?\n"
    )


def test_a_folder_that_the_site_file_names_in_vain_is_pointed_at(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    (tmp_path / ".zimlint.yaml").write_text("rules:\n- ruls\n")
    for words in (("checks",), ("mail1",)):
        run = run_zimlint(*words, cwd=tmp_path)
        assert (run.status, run.err.startswith("zimlint: .zimlint.yaml:2:3: ruls: no such folder")) == (2, True)


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


def test_the_sources_that_every_site_has_are_known() -> None:
    assert ("declared", PUBLIC, LAN, *DECLARED) == SOURCE_WORDS


def test_each_question_says_what_it_may_be_asked_with() -> None:
    """Those without parameters are not in the table; none is in it that does not exist."""
    assert set(PARAMS) <= {*QUESTIONS, AFTERWARDS}


def test_a_run_without_them_loads_nothing_of_them() -> None:
    code = "import sys, zimlint.cli as c; c.main(['fixtures/hosts/open/rules.v4']); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"zimlint.params", "zimlint.cli.own_rules", "zimlint.suppressions.weigh"} & set(run.stdout.split())

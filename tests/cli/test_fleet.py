"""``--jobs`` and ``--executor``: many hosts, with the same report as ever."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from tests.cli.inputs import bad_host, good_host
from tests.helpers import FIXTURES, ROOT, Run, run_zimlint
from zimlint.cli.fleet import unit
from zimlint.engine import Job, lint
from zimlint.exposure import ExposureMap
from zimlint.finding import Report
from zimlint.reporters import REPORTERS
from zimlint.survey import survey

SITE = """\
networks: {admin: [198.51.100.0/28]}
ignore:
  - {path: "h000/**", check: admin-console-exposed, reason: a laboratory}
  - {path: "nowhere/**", check: admin-console-exposed, reason: was there once}
"""


def fleet(folder: Path, hosts: int) -> Path:
    """Hosts good and bad, copies of whole trees among them, and a site file with an entry that is in vain."""
    folder.mkdir()
    (folder / ".zimlint.yaml").write_text(SITE)
    trees = [FIXTURES / "hosts" / name for name in ("single-correct", "docker", "article-printed")]
    for number in range(hosts):
        place = folder / f"h{number:03}"
        if number % 10 == 9:
            shutil.copytree(trees[number // 10 % len(trees)], place)
        else:
            (bad_host if number % 3 == 0 else good_host)(place)
    (folder / "h004" / "mail1").mkdir()
    good_host(folder / "h004" / "mail1")
    good_host(folder / "h005" / "mail1")  # of the same name, so both are told apart
    return folder


def same(left: Run, right: Run) -> None:
    assert (left.out, left.status) == (right.out, right.status)


@pytest.mark.parametrize("form", REPORTERS)
def test_every_format_is_that_of_an_ordinary_run(form: str) -> None:
    ordinary = run_zimlint("hosts", "--format", form, "--quiet")
    assert ordinary.status == 1
    assert run_zimlint("hosts", "--format", form, "--quiet", "--jobs", "2") == ordinary


def test_three_hundred_hosts_are_the_same_in_one_process_and_in_three(tmp_path: Path) -> None:
    fleet(tmp_path / "fleet", 300)
    ordinary = run_zimlint("fleet", cwd=tmp_path)
    assert "suppressed" in ordinary.err
    assert "nowhere" in ordinary.out
    one = run_zimlint("fleet", "--jobs", "1", cwd=tmp_path)
    same(one, ordinary)
    assert run_zimlint("fleet", "--jobs", "3", cwd=tmp_path) == one
    assert one.err.startswith(ordinary.err)
    lines = run_zimlint("fleet", "--format", "jsonl", "--jobs", "2", cwd=tmp_path)
    same(lines, run_zimlint("fleet", "--format", "jsonl", cwd=tmp_path))
    assert {json.loads(line)["type"] for line in lines.out.splitlines()} >= {"finding", "summary"}


def test_hosts_and_their_names_do_not_depend_on_jobs(tmp_path: Path) -> None:
    fleet(tmp_path / "fleet", 12)
    shutil.copy(tmp_path / "fleet" / "h000" / "rules.v4", tmp_path / "fleet" / "h000" / "other.v4")
    bad_host(tmp_path / "fleet" / "h004" / "mail1")
    bad_host(tmp_path / "fleet" / "h005" / "mail1")
    for words in (["fleet"], ["fleet", "fleet/h000"], ["fleet/h000/rules.v4", "fleet/h001/rules.v4", "fleet/h003"]):
        ordinary = run_zimlint(*words, "--format", "json", cwd=tmp_path)
        same(run_zimlint(*words, "--format", "json", "--jobs", "2", cwd=tmp_path), ordinary)
    hosts = {
        finding["host"]
        for finding in json.loads(run_zimlint("fleet", "--format", "json", cwd=tmp_path).out)["findings"]
    }
    assert {"h004/mail1", "h005/mail1"} <= hosts


def test_the_page_is_made_by_the_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many maps as without them, and each drawn up where its host is linted."""
    fleet(tmp_path / "fleet", 12)
    monkeypatch.setattr("zimlint.cli.maps.MOST", 4)
    words = ["fleet", "--format", "html", "--output", "page.html", "--format", "concise"]
    ordinary = run_zimlint(*words, cwd=tmp_path)
    page = (tmp_path / "page.html").read_text()
    assert "4 of 14 hosts have a map here" in page
    monkeypatch.setattr("zimlint.cli.fleet.MOST", 4)
    here = os.getpid()

    def elsewhere(job: Job, *rest: object, **more: bool) -> ExposureMap:
        assert os.getpid() != here
        return survey(job, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("zimlint.cli.maps.survey", elsewhere)
    same(run_zimlint(*words, "--jobs", "2", cwd=tmp_path), ordinary)
    assert (tmp_path / "page.html").read_text() == page


def test_a_baseline_and_own_files_go_with_jobs(tmp_path: Path) -> None:
    fleet(tmp_path / "fleet", 12)
    run_zimlint("baseline", "fleet", "--output", "known.json", cwd=tmp_path)
    (tmp_path / "fleet" / "h001" / "rules.v4").write_text((tmp_path / "fleet" / "h000" / "rules.v4").read_text())
    words = ["fleet", "--baseline", "known.json", "--format", "sarif", "--output", "a.sarif", "--format", "text"]
    ordinary = run_zimlint(*words, cwd=tmp_path)
    assert "h001" in ordinary.out
    text = (tmp_path / "a.sarif").read_text()
    same(run_zimlint(*words, "--jobs", "2", cwd=tmp_path), ordinary)
    assert (tmp_path / "a.sarif").read_text() == text
    same(
        run_zimlint("fleet", "--statistics", "--jobs", "2", cwd=tmp_path),
        run_zimlint("fleet", "--statistics", cwd=tmp_path),
    )


def _poisoned(jobs: Sequence[Job], *rest: object, **options: object) -> Report:
    if jobs[0].host.name == "h003":
        raise ZeroDivisionError("of ours")
    if jobs[0].host.name == "h006":
        os._exit(9)
    return lint(jobs, *rest, **options)  # type: ignore[arg-type]


def test_one_bad_host_never_stops_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that zimlint fails on, one whose process dies, one that cannot be read."""
    fleet(tmp_path / "fleet", 30)
    (tmp_path / "fleet" / "h001" / "rules.v4").write_text("")
    ordinary = run_zimlint("fleet", "--format", "concise", cwd=tmp_path)
    assert ordinary.status == 2
    monkeypatch.setattr(unit, "lint", _poisoned)
    run = run_zimlint("fleet", "--format", "concise", "--jobs", "2", cwd=tmp_path)
    assert run.status == 70
    assert [line for line in ordinary.out.splitlines() if "/h003/" not in line and "/h006/" not in line] == (
        run.out.splitlines()
    )
    said = [line for line in run.err.splitlines() if line.startswith("zimlint: ")]
    assert said == [
        "zimlint: fleet/h001/rules.v4: empty",
        "zimlint: internal error in h003, please report it with its files: ZeroDivisionError: of ours",
        "zimlint: internal error in h006, please report it with its files: the process that linted it died",
    ]


def test_a_baseline_is_made_and_pruned_by_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet(tmp_path / "fleet", 12)
    ordinary = run_zimlint("baseline", "fleet", cwd=tmp_path)
    assert run_zimlint("baseline", "fleet", "--jobs", "2", cwd=tmp_path) == ordinary
    (tmp_path / "known.json").write_text(ordinary.out)
    good_host(tmp_path / "fleet" / "h009")
    monkeypatch.setattr(unit, "lint", _poisoned)
    run = run_zimlint("baseline", "--prune", "known.json", "fleet", "--jobs", "2", cwd=tmp_path)
    assert (run.status, run.out) == (70, "")
    assert "h003" in run.err
    assert (tmp_path / "known.json").read_text() == ordinary.out
    monkeypatch.undo()
    shutil.rmtree(tmp_path / "fleet" / "h003")
    (tmp_path / "other.json").write_text(ordinary.out)
    run = run_zimlint("baseline", "--prune", "known.json", "fleet", "--jobs", "2", cwd=tmp_path)
    assert "taken out" in run.err
    assert run == run_zimlint("baseline", "--prune", "other.json", "fleet", cwd=tmp_path)
    assert (tmp_path / "known.json").read_text() == (tmp_path / "other.json").read_text() != ordinary.out


def test_what_a_lost_host_had_is_not_taken_for_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet(tmp_path / "fleet", 6)
    run_zimlint("baseline", "fleet", "--output", "known.json", cwd=tmp_path)
    monkeypatch.setattr(unit, "lint", _poisoned)
    run = run_zimlint("fleet", "--baseline", "known.json", "--jobs", "2", cwd=tmp_path)
    assert run.status == 70
    assert "no longer occur" not in run.err


def test_the_table_counts_checks_and_hosts(tmp_path: Path) -> None:
    fleet(tmp_path / "fleet", 12)
    table = run_zimlint("fleet", "--jobs", "1", cwd=tmp_path).err
    assert "check" in table
    assert "severity" in table
    assert table.rstrip().endswith("without findings")
    assert run_zimlint("fleet", "--jobs", "1", "--quiet", cwd=tmp_path).err == ""
    assert "severity" not in run_zimlint("fleet/h003", "--jobs", "1", cwd=tmp_path).err


def test_a_bar_is_for_terminals_and_goes_away(tmp_path: Path) -> None:
    fleet(tmp_path / "fleet", 12)
    words = [sys.executable, "-m", "zimlint", "fleet", "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent, child = pty.openpty()
    done = subprocess.run(words, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=child, check=False)
    os.close(child)
    seen = os.read(parent, 65536).decode()
    os.close(parent)
    assert done.returncode == 1
    assert "14/14 hosts" in seen
    assert seen.rindex("hosts\r ") > seen.rindex("14/14")
    piped = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "\r" not in piped.stderr


def test_wrong_words_are_said(tmp_path: Path) -> None:
    good_host(tmp_path / "mail1")
    for words, said in (
        (["--jobs", "many"], "a number of processes"),
        (["--executor", "ssh://there"], "dask://HOST:PORT"),
        (["--executor", "dask://a:1", "--jobs", "2"], "not allowed with"),
    ):
        run = run_zimlint("mail1", *words, cwd=tmp_path)
        assert (run.status, run.out) == (2, "")
        assert said in run.err


def test_without_dask_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good_host(tmp_path / "mail1")
    monkeypatch.setitem(sys.modules, "distributed", None)
    run = run_zimlint("mail1", "--executor", "dask://127.0.0.1:1", cwd=tmp_path)
    assert (run.status, run.err) == (2, "zimlint: --executor dask://... needs dask: pip install 'zimlint[dask]'\n")


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real scheduler and two workers, each a process of its own."""
    from distributed import LocalCluster

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    fleet(tmp_path / "fleet", 40)
    one = run_zimlint("fleet", "--jobs", "1", cwd=tmp_path)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        address = cluster.scheduler_address.removeprefix("tcp://")
        assert run_zimlint("fleet", "--executor", f"dask://{address}", cwd=tmp_path) == one


PLAYBOOK = FIXTURES / "ansible" / "collect.yml"


def test_the_playbook_writes_the_layout_that_is_read() -> None:
    (play,) = yaml.safe_load(PLAYBOOK.read_text(encoding="utf-8"))
    tasks = {task["name"]: task for task in play["tasks"]}
    modules = {key for task in play["tasks"] for key in task if key.startswith("ansible.")}
    assert modules == {f"ansible.builtin.{name}" for name in ("command", "copy", "fetch", "file", "find", "stat")}
    loop = tasks["Read what is loaded"]["loop"]
    assert {one["file"]: one["argv"] for one in loop} == {
        "rules.v4": ["iptables-save"],
        "rules.v6": ["ip6tables-save"],
        "ufw-status.txt": ["ufw", "status", "verbose"],
    }


def collect(folder: Path, scripts: dict[str, str]) -> None:
    """Run the playbook for one host, on this machine, where each command is a line of shell."""
    commands = folder / "bin"
    commands.mkdir(exist_ok=True)
    for name, line in scripts.items():
        (commands / name).write_text(f"#!/bin/sh\n{line}\n")
        (commands / name).chmod(0o755)
    subprocess.run(
        ["ansible-playbook", "-i", "mail1,", "-c", "local", "-e", "ansible_become=false", "-e",
         f"ansible_python_interpreter={sys.executable}", "-e", f"collected={folder}/hosts", str(PLAYBOOK)],
        cwd=folder, check=True, capture_output=True,
        env={**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ansible-playbook") is None, reason="ansible-playbook is not installed")
def test_the_playbook_keeps_that_nothing_is_loaded(tmp_path: Path) -> None:
    """The most open host is reported, nothing of an earlier collection hides it, and the user's own file stays."""
    host = tmp_path / "hosts" / "mail1"
    good_host(host)
    (host / ".zimlint.yaml").write_text(SITE.partition("ignore")[0])
    (host / "ufw-status.txt").write_text("Status: active\n")
    text = "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them"
    collect(tmp_path, {"iptables-save": f"echo '{text}' >&2", "ip6tables-save": ":", "ufw": ":"})
    said = "# ip6tables-save printed nothing: no table is loaded"
    policies = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", "COMMIT"]
    assert (host / "rules.v6").read_text().splitlines() == [said, *policies]
    assert (host / "rules.v4").read_text().splitlines() == [text, said.replace("ip6", "ip"), *policies]
    assert (host / ".zimlint.yaml").exists()
    assert not (host / "ufw-status.txt").exists()
    run = run_zimlint("hosts/mail1/rules.v4", "hosts/mail1/rules.v6", cwd=tmp_path)
    assert run.status == 1
    assert "error[firewall-disabled]" in run.out


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ansible-playbook") is None, reason="ansible-playbook is not installed")
def test_the_playbook_collects_what_is_linted(tmp_path: Path) -> None:
    """With the real Ansible, on this machine, and commands that only print."""
    host = FIXTURES / "hosts" / "single-correct"
    files = {"iptables-save": "rules.v4", "ip6tables-save": "rules.v6", "ufw": "ufw-status.txt"}
    collect(tmp_path, {name: f"cat {host / file}" for name, file in files.items()})
    for file in ("rules.v4", "rules.v6", "ufw-status.txt"):
        assert (tmp_path / "hosts" / "mail1" / file).read_text().rstrip() == (host / file).read_text().rstrip()
    own = [path for path in (Path("/etc/ufw/ufw.conf"), Path("/etc/default/ufw")) if path.exists()]
    for path in own:
        assert (tmp_path / "hosts" / "mail1" / path.relative_to("/")).read_bytes() == path.read_bytes()
    assert "rules.v6" in run_zimlint("hosts", "--show-files", cwd=tmp_path).out
    assert run_zimlint("hosts", "--jobs", "2", cwd=tmp_path).status in (0, 1)

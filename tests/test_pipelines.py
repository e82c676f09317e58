"""The GitHub action and the jobs that README.md recommends, as far as a pipeline can be played here.

What a runner does is done by hand: inputs become the environment of a step, a step is a bash script that ends at the
first failure (GitHub: ``bash --noprofile --norc -eo pipefail``; GitLab: one script of all lines).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from tests.helpers import FIXTURES, ROOT, clean_environment, copy_checkout

pytestmark = pytest.mark.slow
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPEN = FIXTURES / "checks" / "memcached-exposed" / "fires-udp-anywhere"
CORRECT = FIXTURES / "hosts" / "single-correct"


def bash(script: str, cwd: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as a runner does."""
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=cwd, env=dict(environment), text=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository, as a runner fetches it."""
    target = tmp_path_factory.mktemp("zimlint")
    copy_checkout(target)
    return target


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``RUNNER_TEMP``, the same for all runs: zimlint is installed once."""
    return tmp_path_factory.mktemp("runner")


def run_action(checkout: Path, runner: Path, cwd: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """All steps of the action; the last one that ran."""
    action = yaml.safe_load((checkout / "action.yml").read_text(encoding="utf-8"))
    known = {name: str(value["default"]) for name, value in action["inputs"].items()}
    assert inputs.keys() <= known.keys()
    known |= inputs
    environment = clean_environment() | {"RUNNER_TEMP": str(runner), "GITHUB_ACTION_PATH": str(checkout)}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    run = None
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"], "an input in a script is a way to run anything"
        given = {
            name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: known[found[1]], value)
            for name, value in cast(dict[str, str], step.get("env", {})).items()
        }
        run = bash(step["run"], cwd, environment | given)
        if run.returncode:
            return run
    assert run is not None
    return run


def test_action_passes_a_correct_host(checkout: Path, runner: Path) -> None:
    """And prints nothing but the summary."""
    run = run_action(checkout, runner, CORRECT.parent, path=CORRECT.name)
    assert (run.returncode, run.stdout) == (0, ""), run.stderr


def test_action_annotates_the_line(checkout: Path, runner: Path) -> None:
    """A workflow command names file and line, and the step fails."""
    run = run_action(checkout, runner, OPEN.parent, path=f"\n{OPEN.name}\n")
    assert run.returncode == 1, run.stderr
    assert re.search(rf"^::error .*file={OPEN.name}/rules\.v4,line=10\b", run.stdout, re.MULTILINE)


def test_action_takes_all_its_inputs(checkout: Path, runner: Path, tmp_path: Path) -> None:
    """A site file, a report in a file, a threshold; several paths, one with a blank."""
    site = tmp_path / "site.yaml"
    site.write_text("severity: {memcached-exposed: warning}\n", encoding="utf-8")
    for name in ("one host", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rules.v4").write_bytes((OPEN / "rules.v4").read_bytes())
    wanted = {"path": "one host\nother", "config": "site.yaml", "format": "sarif", "output": "report.sarif"}
    run = run_action(checkout, runner, tmp_path, **wanted, **{"fail-on": "error"})
    assert run.returncode == 0, run.stdout + run.stderr
    assert "warning[memcached-exposed]" in run.stdout
    report = json.loads((tmp_path / "report.sarif").read_text(encoding="utf-8"))
    assert len(report["runs"][0]["results"]) == 2


def test_action_input_is_never_a_script(checkout: Path, runner: Path, tmp_path: Path) -> None:
    """What looks like shell is a file name."""
    run = run_action(checkout, runner, tmp_path, path="$(touch gone); `touch gone`")
    assert run.returncode == 2
    assert not list(tmp_path.iterdir())


def test_action_is_what_readme_says(checkout: Path) -> None:
    """The recipe's inputs exist."""
    action = yaml.safe_load((checkout / "action.yml").read_text(encoding="utf-8"))
    [job] = [block for block in blocks() if "jobs" in block]
    [step] = [step for step in job["jobs"]["zimlint"]["steps"] if "zimlint" in step["uses"]]
    assert step["with"].keys() <= action["inputs"].keys()


def test_gitlab_job(checkout: Path, tmp_path: Path) -> None:
    """The script of the README ends with 1 and leaves the report that GitLab reads, findings or not."""
    [job] = [block["zimlint"] for block in blocks() if "zimlint" in block]
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    environment = clean_environment()
    environment["PATH"] = f"{tmp_path / 'venv' / 'bin'}:{environment['PATH']}"
    lines = [re.sub(r"git\+https://example\.com/zimlint@\S+", str(checkout), line) for line in job["script"]]
    assert any(str(checkout) in line for line in lines)
    hosts = tmp_path / "hosts" / "mail1"
    hosts.mkdir(parents=True)
    (hosts / "rules.v4").write_bytes((OPEN / "rules.v4").read_bytes())
    run = bash("\n".join(lines), tmp_path, environment)
    assert run.returncode == 1, run.stdout + run.stderr
    [entry] = json.loads((tmp_path / job["artifacts"]["reports"]["codequality"]).read_text(encoding="utf-8"))
    assert entry["check_name"] == "memcached-exposed"
    assert entry["location"]["path"] == "hosts/mail1/rules.v4"


def blocks() -> list[dict[str, Any]]:
    """The YAML blocks of the README that are mappings."""
    found = (yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))
    return [block for block in found if isinstance(block, dict)]

"""The pre-commit hook, run by the real pre-commit in a scratch repository."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.helpers import ROOT, clean_environment, copy_checkout

GOOD = "[Zimbra]\ntitle=Zimbra\ndescription=Mail and web client\nports=25,80,443,465,587,993,995/tcp\n"
BAD = GOOD.replace("995/tcp", "995 / tcp")


def git(folder: Path, *words: str) -> None:
    """Run git, as nobody in particular and without hooks of the user."""
    who = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *words], cwd=folder, env=clean_environment(), check=True, capture_output=True)


def committed(folder: Path) -> Path:
    """A folder as a git repository with one commit."""
    git(folder, "init")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--message", "all", "--no-verify")
    return folder


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository, as pre-commit clones it."""
    target = tmp_path_factory.mktemp("zimlint")
    copy_checkout(target)
    return committed(target)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environment that it builds once."""
    return tmp_path_factory.mktemp("pre-commit")


def try_repo(hook: Path, cache: Path, scratch: Path) -> subprocess.CompletedProcess[str]:
    """What ``pre-commit try-repo`` says of all files of a repository."""
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(hook), "zimlint", "--all-files", "--color", "never"]
    environment = clean_environment() | {"PRE_COMMIT_HOME": str(cache)}
    return subprocess.run(command, cwd=scratch, env=environment, text=True, capture_output=True, timeout=300)


def scratch_repository(folder: Path, profile: str) -> Path:
    """A profile, two dumps of a correct host with its site file, and text that is no firewall."""
    for name in ("rules.v4", "rules.v6", ".zimlint.yaml"):
        target = folder / "hosts" / "mail1" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / "fixtures" / "hosts" / "iptables-correct" / name).read_bytes())
    applications = folder / "roles" / "mail" / "applications.d"
    applications.mkdir(parents=True)
    (applications / "zimbra").write_text(profile, encoding="utf-8")
    (folder / "README.md").write_text("# Our servers\n", encoding="utf-8")
    return committed(folder)


@pytest.mark.slow
def test_hook_passes_what_is_right(hook: Path, cache: Path, tmp_path: Path) -> None:
    """A profile that ufw takes, and the two dumps of one host judged together."""
    run = try_repo(hook, cache, scratch_repository(tmp_path, GOOD))
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.slow
def test_hook_fails_a_bad_profile(hook: Path, cache: Path, tmp_path: Path) -> None:
    """With ufw's words; text that is no firewall is left alone."""
    run = try_repo(hook, cache, scratch_repository(tmp_path, BAD))
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Invalid ports in profile 'Zimbra'" in run.stdout
    assert "README.md" not in run.stdout


WANTED = """
rules.v4 hosts/mail1/rules.v6 iptables etc/sysconfig/ip6tables iptables-save.txt mail1-iptables.rules iptables.save
etc/ufw/user.rules before6.rules files/after.rules etc/ufw/ufw.conf etc/default/ufw mail1/default-ufw
etc/ufw/applications.d/zimbra ufw-status.txt mail1_ufw_status ufw-status-verbose.log ipset.save
"""
UNWANTED = """
iptables.md roles/iptables/tasks/main.yml iptables.sh templates/rules.v4.j2 99-net.rules applications.d/.gitkeep
ufw_status.py docs/ufw-status.md README.md .zimlint.yaml
"""


@pytest.mark.parametrize(
    ("name", "wanted"), [(name, True) for name in WANTED.split()] + [(name, False) for name in UNWANTED.split()]
)
def test_hook_picks_firewall_files(name: str, wanted: bool) -> None:
    """By name alone, as pre-commit does."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert bool(re.search(hooks[0]["files"], name)) is wanted

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


def try_repo(hook: Path, cache: Path, scratch: Path, name: str = "zimlint") -> subprocess.CompletedProcess[str]:
    """What ``pre-commit try-repo`` says of all files of a repository."""
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(hook), name, "--all-files", "--color", "never"]
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


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "status"), [(GOOD, 0), (BAD, 1)])
def test_hook_for_whole_hosts(hook: Path, cache: Path, tmp_path: Path, profile: str, status: int) -> None:
    """All hosts below the repository, whatever the commit holds."""
    run = try_repo(hook, cache, scratch_repository(tmp_path, profile), "zimlint-hosts")
    assert run.returncode == status, run.stdout + run.stderr
    assert ("profile-invalid" in run.stdout) is (status == 1)


CONFIGURATION = """
repos:
- repo: {hook}
  rev: {rev}
  hooks:
  - id: zimlint-hosts
    args: [hosts/]
"""
OPEN = "-A INPUT -p udp -m udp --dport 11211 -j ACCEPT\n"


@pytest.mark.slow
def test_installed_hook_stops_a_commit(hook: Path, cache: Path, tmp_path: Path) -> None:
    """A commit that opens memcached is refused, as is a site file with a mistake; one that is right goes through."""
    scratch = scratch_repository(tmp_path, GOOD)
    environment = clean_environment() | {"PRE_COMMIT_HOME": str(cache)}
    rev = subprocess.run(["git", "rev-parse", "HEAD"], cwd=hook, text=True, capture_output=True, check=True).stdout
    (scratch / ".pre-commit-config.yaml").write_text(CONFIGURATION.format(hook=hook, rev=rev.strip()))
    git(scratch, "add", "--all")
    git(scratch, "commit", "--message", "hooks", "--no-verify")
    install = [sys.executable, "-m", "pre_commit", "install", "--install-hooks"]
    subprocess.run(install, cwd=scratch, env=environment, capture_output=True, check=True, timeout=300)

    def commit(name: str, text: str) -> subprocess.CompletedProcess[str]:
        (scratch / name).write_text(text, encoding="utf-8")
        git(scratch, "add", "--all")
        who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
        command = ["git", *who, "commit", "--message", "change"]
        run = subprocess.run(command, cwd=scratch, env=environment, text=True, capture_output=True, timeout=300)
        git(scratch, "reset", "--hard")
        return run

    rules = (scratch / "hosts" / "mail1" / "rules.v4").read_text(encoding="utf-8")
    refused = commit("hosts/mail1/rules.v4", rules.replace("COMMIT\n", OPEN + "COMMIT\n", 1))
    assert refused.returncode == 1
    assert "error[memcached-exposed]" in refused.stdout + refused.stderr
    site = (scratch / "hosts" / "mail1" / ".zimlint.yaml").read_text(encoding="utf-8")
    mistaken = commit("hosts/mail1/.zimlint.yaml", site + "color: blue\n")
    assert mistaken.returncode == 1
    assert "hosts/mail1/.zimlint.yaml" in mistaken.stdout + mistaken.stderr
    assert commit("hosts/mail1/rules.v4", "# a comment\n" + rules).returncode == 0
    assert commit("README.md", "# Our hosts\n").returncode == 0


WANTED = """
rules.v4 hosts/mail1/rules.v6 iptables etc/sysconfig/ip6tables iptables-save.txt mail1-iptables.rules iptables.save
etc/ufw/user.rules before6.rules files/after.rules etc/ufw/ufw.conf etc/default/ufw mail1/default-ufw
etc/ufw/applications.d/zimbra ufw-status.txt mail1_ufw_status ufw-status-verbose.log ipset.save
iptables.up.rules ipset.rules ipset-save ufw-added.txt mail1_ufw_show_added firewall.ufw ufw-commands hosts/mail.fw
mail1.iptables mail1.example.com.ip6tables mail1.ipset
"""
UNWANTED = """
iptables.md roles/iptables/defaults/main.yml iptables.sh templates/rules.v4.j2 99-net.rules applications.d/.gitkeep
ufw_status.py docs/ufw-status.md README.md main.py ufw-commands.sh ufw-added.md .ufw docs/ufw roles/ufw.yml mail.fw.bak
"""

OF_WHOLE_HOSTS = (".zimlint.yaml", "roles/iptables/tasks/main.yml", "playbooks/mail/site.yaml")
"""Files that the hook for whole hosts runs for; by its name alone nobody knows whether a task is about firewalls."""


@pytest.mark.parametrize(
    ("name", "wanted"),
    [(name, True) for name in WANTED.split()] + [(name, False) for name in (*UNWANTED.split(), *OF_WHOLE_HOSTS)],
)
def test_hook_picks_firewall_files(name: str, wanted: bool) -> None:
    """By name alone, as pre-commit does; the hook for whole hosts runs for a site file and for tasks, too."""
    files, hosts = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert bool(re.search(files["files"], name)) is wanted
    assert bool(re.search(hosts["files"], name)) is (wanted or name in OF_WHOLE_HOSTS)

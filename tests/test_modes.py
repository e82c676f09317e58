"""Who may write the files of a firewall: git keeps no such modes, so each test sets them in a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.helpers import FIXTURES, run_zimlint

TREE = FIXTURES / "checks" / "file-mode" / "quiet-as-shipped"


def _copy(tmp_path: Path, mode: int) -> Path:
    """The tree with one mode for all its files."""
    shutil.copytree(TREE, tmp_path / "host")
    for path in (tmp_path / "host").rglob("*"):
        if path.is_file():
            path.chmod(mode)
    return tmp_path / "host" / "etc" / "ufw"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o660, 0o664, 0o777], ids=oct)
def test_modes_that_say_nothing(tmp_path: Path, mode: int) -> None:
    """Checkouts under any umask, and file systems that keep no modes: there every file is 777."""
    folder = _copy(tmp_path, mode)
    for name in ("before.init", "after.init"):
        (folder / name).chmod(mode if mode == 0o777 else mode & 0o666)
    assert run_zimlint("--format", "json", "host", cwd=tmp_path).checks() == []


@pytest.mark.parametrize("name", ["user.rules", "ufw.conf", "applications.d/zimbra", "after.init", "../default/ufw"])
def test_a_file_that_everybody_may_write(tmp_path: Path, name: str) -> None:
    """One finding, at that file."""
    (_copy(tmp_path, 0o644) / name).chmod(0o646)
    run = run_zimlint("--quiet", "host", cwd=tmp_path)
    assert run.out.startswith(f"warning[file-mode]: {Path(name).name} is world writable: every user can change")
    assert run.out.count("[file-mode]") == 1


def test_several_files_that_everybody_may_write(tmp_path: Path) -> None:
    """One fault: somebody was generous to the whole folder."""
    folder = _copy(tmp_path, 0o646)
    (folder / "ufw.conf").chmod(0o644)
    run = run_zimlint("--format", "json", "host", cwd=tmp_path)
    assert run.checks() == ["file-mode"]
    assert "(and 9 more)" in run.out


@pytest.mark.parametrize("mode", [0o744, 0o654, 0o645], ids=oct)
def test_an_init_script_that_ufw_runs(tmp_path: Path, mode: int) -> None:
    """Root may run what anybody may run (access(2))."""
    (_copy(tmp_path, 0o644) / "after.init").chmod(mode)
    assert run_zimlint("--format", "json", "host", cwd=tmp_path).checks() == ["file-mode"]


def test_a_script_is_neither_a_rules_file_nor_unreadable(tmp_path: Path) -> None:
    """It may hold anything, iptables commands too; given by name or found in a folder."""
    folder = _copy(tmp_path, 0o644)
    (folder / "before.init").write_text("#!/bin/sh\n*filter\n-A INPUT -p tcp --dport 11211 -j ACCEPT\nCOMMIT\n")
    run = run_zimlint("--format", "json", "host", "host/etc/ufw/before.init", cwd=tmp_path)
    assert (run.checks(), run.err, run.status) == ([], "", 0)

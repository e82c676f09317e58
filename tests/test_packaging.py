"""Wheel, editable install and plain checkout all find the grammars and the rules, from anywhere."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.helpers import ROOT, clean_environment, copy_checkout

pytestmark = pytest.mark.slow

ODD_LINE = "*filter\n:INPUT DROP\n-A INPUT -m frobnicate --frob 3 -j ACCEPT\nCOMMIT\n"
"""Needs the grammar itself, not only the shapes that are kept ready."""


def run(*command: str | Path, cwd: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command and collect what it prints."""
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=cwd, env=environment or clean_environment(), text=True, capture_output=True, timeout=300
    )


def build(*command: str | Path, cwd: Path) -> None:
    """Run a command that must succeed."""
    done = run(*command, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout."""
    target = tmp_path_factory.mktemp("checkout")
    copy_checkout(target)
    return target


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    target = tmp_path_factory.mktemp("dist")
    build(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", target, checkout, cwd=target)
    return next(target.glob("zimlint-*.whl"))


def environment_with(target: Path, *requirement: str | Path) -> Path:
    """A fresh virtual environment with something installed; its ``python``."""
    build(sys.executable, "-m", "venv", target, cwd=target.parent)
    build(target / "bin" / "pip", "install", "--quiet", *requirement, cwd=target.parent)
    return target / "bin" / "python"


def works(python: Path, elsewhere: Path, environment: dict[str, str] | None = None) -> None:
    """Lint what needs the rules, the ready shapes and a grammar, from another folder."""
    (elsewhere / "rules.v4").write_text(ODD_LINE, encoding="utf-8")
    linted = run(python, "-m", "zimlint", "--format", "json", "rules.v4", cwd=elsewhere, environment=environment)
    assert linted.returncode in (0, 1), linted.stderr
    assert '"schema": "zimlint/1"' in linted.stdout
    ports = run(python, "-m", "zimlint", "ports", cwd=elsewhere, environment=environment)
    assert ports.returncode == 0, ports.stderr
    assert "11211/udp" in ports.stdout


def test_wheel_holds_data_and_no_tests(wheel: Path) -> None:
    """The data lies inside the package."""
    names = zipfile.ZipFile(wheel).namelist()
    assert "zimlint/grammars/iptables_save.lark" in names
    assert "zimlint/rules/rules.json" in names
    assert {"zimlint/reporters/html.css", "zimlint/reporters/html.js"} <= set(names)
    assert [name.partition(".data/data/")[2] for name in names if name.endswith(".1")] == ["share/man/man1/zimlint.1"]
    assert not [name for name in names if name.startswith(("tests/", "fixtures/", "grammars/", "rules/"))]


def test_installed_wheel_works(wheel: Path, tmp_path: Path) -> None:
    """In an environment that holds nothing else."""
    works(environment_with(tmp_path / "venv", wheel), tmp_path)
    assert run(tmp_path / "venv" / "bin" / "zimlint", "--version", cwd=tmp_path).stdout.startswith("zimlint ")


def test_editable_install_works(checkout: Path, tmp_path: Path) -> None:
    """The data lies beside the package."""
    works(environment_with(tmp_path / "venv", "--editable", checkout), tmp_path)


def test_plain_checkout_works(tmp_path: Path) -> None:
    """Nothing installed but what it depends on."""
    works(Path(sys.executable), tmp_path, {**clean_environment(), "PYTHONPATH": str(ROOT)})

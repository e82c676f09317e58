"""What nearly every test needs: lint a text, run the command, copy the checkout.

Invariant: tests drive zimlint by text through these, never through private functions.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from zimlint.checks import load_checks
from zimlint.cli import main
from zimlint.engine import Job, lint
from zimlint.finding import Report
from zimlint.hosts import gather
from zimlint.source import Source
from zimlint.zimbra.catalogue import load_catalogue
from zimlint.zimbra.site import Site
from zimlint.zimbra.site_file import read_site

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"


def lint_text(text: str, name: str = "rules.v4", site: str = "") -> Report:
    """The report on one file of this name, in the site that the YAML describes."""
    return lint_files({name: text}, site)


def lint_files(files: dict[str, str], site: str = "", *, today: str = "2026-01-31") -> Report:
    """The report on the files of one host or several, which lie in one folder that is read as a whole."""
    checks = load_checks()
    hosts, unread = gather([Source(name, text) for name, text in files.items()])
    known_site = read_site(Source(".zimlint.yaml", site), checks=checks) if site else Site.default()
    jobs = [Job(host, known_site) for host in hosts]
    return lint(jobs, load_catalogue(), checks, unread=unread, today=today, folders=["."])


class Run(NamedTuple):
    """What the command printed and how it ended."""

    out: str
    err: str
    status: int

    def transcript(self, command: str) -> str:
        """As a terminal shows it, standard error after standard output, and the exit status."""
        parts = [
            f"$ {command}\n",
            self.out,
            "\n" if self.out and self.err else "",
            self.err,
            f"exit status {self.status}\n",
        ]
        return "".join(parts)

    def checks(self) -> list[str]:
        """The ids of the findings of a ``--format json`` run."""
        return [finding["check"] for finding in json.loads(self.out)["findings"]]

    def notes(self) -> list[str]:
        """The ids of the notes of a ``--format json`` run."""
        return [note["check"] for note in json.loads(self.out)["notes"]]


def run_zimlint(*arguments: str, cwd: Path = FIXTURES) -> Run:
    """Run the command in this process, in another folder and without colour."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
    return Run(out.getvalue(), err.getvalue(), status)


def copy_checkout(target: Path) -> None:
    """Copy what belongs to the project, with changes that are not committed, but nothing that git ignores."""
    if (ROOT / ".git").exists():
        command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, target / name)
        return
    ignored = shutil.ignore_patterns(".venv", "__pycache__", ".*_cache", "*.egg-info", "build", "dist", ".hypothesis")
    shutil.copytree(ROOT, target, ignore=ignored, dirs_exist_ok=True)


def clean_environment() -> dict[str, str]:
    """The environment without what would reach into a fresh virtual environment or change the output."""
    left_out = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "FORCE_COLOR", "CLICOLOR_FORCE", "PRE_COMMIT")
    names = [name for name in os.environ if name not in left_out and not name.startswith(("GIT_", "PYTEST_"))]
    return {name: os.environ[name] for name in names} | {"NO_COLOR": "1", "LC_ALL": "C.UTF-8"}

"""What is made of the checks and the parsers is current, and so is what the README quotes."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.cli.inputs import ADMIN, BAD_V4, GOOD_V6
from tests.helpers import FIXTURES, lint_files
from tests.make_man import TARGET, make_man
from tests.make_readme import BEGIN, END, README, with_table


def test_the_man_page_is_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == make_man(), "python -m tests.make_man"


def test_the_table_of_checks_is_current() -> None:
    text = README.read_text(encoding="utf-8")
    assert (text.count(BEGIN), text.count(END)) == (1, 1)
    assert text == with_table(text), "python -m tests.make_readme"


@pytest.mark.parametrize("command", [["mandoc", "-Tlint", "-Wwarning"], ["man", "--warnings", "-l"]])
def test_readers_of_man_pages_have_nothing_to_say(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]} here")
    run = subprocess.run([*command, str(TARGET)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert command[0] == "man" or run.stdout == ""


@pytest.mark.parametrize("name", ["catalogue/webmin.yaml", "checks/webmin-exposed.yaml"])
def test_the_worked_example_is_the_fixture(name: str) -> None:
    text = (FIXTURES / "rules" / "webmin" / "rules" / name).read_text(encoding="utf-8")
    assert f"```yaml\n{text}```\n" in README.read_text(encoding="utf-8")


def test_the_suppressions_that_the_readme_shows_count() -> None:
    text = README.read_text(encoding="utf-8")
    [comment] = re.findall(r"`(# zimlint: allow .*)`", text)
    [site] = re.findall(r"^```yaml\n(ignore:\n.*?)^```$", text, re.MULTILINE | re.DOTALL)
    commented = BAD_V4.replace(ADMIN, f"{comment}\n{ADMIN}")
    for rules, known in ((commented, ""), (BAD_V4, site)):
        report = lint_files({"hosts/mail1/rules.v4": rules, "hosts/mail1/rules.v6": GOOD_V6}, known)
        assert [one.reason for one in report.suppressed] == ["the VPN filters"]
        assert "admin-console-exposed" not in {finding.check for finding in report.findings}

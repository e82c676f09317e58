"""What is made of the checks and the parsers is current: the man page, the table in the README."""

from __future__ import annotations

import shutil
import subprocess

import pytest

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

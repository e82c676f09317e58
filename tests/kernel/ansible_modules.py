"""The real modules of Ansible, asked which commands they run; they run none."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_SCRIPT = """
import importlib, io, json, shlex, sys
from contextlib import redirect_stdout
from ansible.module_utils import basic

module = importlib.import_module(sys.argv[1])

class Recorded(basic.AnsibleModule):
    def get_bin_path(self, name, *_args, **_options):
        return name

    def run_command(self, words, *_args, **_options):
        words = shlex.split(words) if isinstance(words, str) else [word for word in words if word is not None]
        if "--version" in words:
            return 0, "iptables v1.8.9 (nf_tables)" if "tables" in words[0] else "ufw 0.36.2", ""
        if "-L" in words:
            return int(missing), "Chain X (policy OTHER)", ""
        if "-C" in words:
            return int(missing), "", ""
        if words[0] != "grep" and words[1:2] != ["status"]:
            ran.append(words)
        return 0, "", ""

module.AnsibleModule = Recorded
answers = []
for arguments, missing in json.load(sys.stdin):
    ran, failed, said = [], "", io.StringIO()
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    try:
        with redirect_stdout(said):
            module.main()
    except SystemExit as ended:
        if ended.code:
            failed = json.loads(said.getvalue()).get("msg", "failed")
    except Exception as error:
        failed = repr(error)
    answers.append((ran, failed))
json.dump(answers, sys.stdout)
"""


class Answer(NamedTuple):
    """What a module did: its commands, and why it gave up in the end, if it did."""

    commands: list[list[str]]
    failed: str


def interpreter() -> str | None:
    """The Python that has Ansible."""
    command = shutil.which("ansible-playbook")
    if command is None:
        return None
    first = Path(command).read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    return first.removeprefix("#!").strip() or None


def why_not(module: str) -> str | None:
    """One line on why a module cannot be asked here, None if it can."""
    python = interpreter()
    if python is None:
        return "not installed: ansible-playbook"
    ran = subprocess.run([python, "-c", f"import {module}"], capture_output=True, text=True, check=False)
    return None if ran.returncode == 0 else f"{python} has no {module}"


def ask(module: str, calls: Sequence[tuple[dict[str, object], bool]]) -> list[Answer]:
    """What a module does with each set of arguments; the switch: no rule and no chain that it names is there."""
    python = interpreter()
    assert python is not None
    ran = subprocess.run(
        [python, "-c", _SCRIPT, module],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    return [Answer(*each) for each in json.loads(ran.stdout)]

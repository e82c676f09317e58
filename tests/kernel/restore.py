"""What the real iptables-restore says to many files: which it refuses, in which line, in what words.

Files are really loaded, in a network namespace of their own: ``--test`` asks the kernel nothing, and much is refused
by the kernel alone. What it refuses, loading refuses too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.kernel.namespace import Variant, tool
from zimlint.packets import Family

VARIANTS: tuple[Variant, ...] = ("nft", "legacy")


class Input(NamedTuple):
    """A file for one family; with a ``base`` it is loaded upon that file, with ``-n``, as ufw loads its files."""

    family: Family
    text: str
    base: str = ""


class Refusal(NamedTuple):
    """``line`` is the one that the tool names, None where it names none."""

    said: str
    line: int | None


def missing() -> str | None:
    """One line on why files cannot be loaded here, None if they can."""
    if os.geteuid() != 0:
        return "needs root to make a namespace"
    wanted = ["unshare", *(tool(variant, family) for variant in VARIANTS for family in Family)]
    absent = [name for name in wanted if shutil.which(name) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    rule = "*filter\n-A INPUT -m state --state NEW -j ACCEPT\nCOMMIT\n"
    answers = refusals([Input(family, rule) for family in Family])
    refused = [answer.said for pair in answers for answer in pair.values() if answer is not None]
    return f"no rules can be loaded here: {refused[0]}" if refused else None


def refusals(inputs: Sequence[Input]) -> list[dict[Variant, Refusal | None]]:
    """What each variant has against each file; None where it loads it."""
    with tempfile.TemporaryDirectory() as folder:
        script: list[str] = []
        for place, given in enumerate(inputs):
            for part, text in (("base", given.base), ("text", given.text)):
                Path(folder, f"{place}.{part}").write_bytes(text.encode(errors="surrogateescape"))
            for variant in VARIANTS:
                name = tool(variant, given.family)
                if given.base:
                    script.append(f"{name} < {place}.base || exit 1")
                script.append(f"{name} {'-n ' * bool(given.base)}< {place}.text > said 2>&1")
                script.append("echo $?; head -c 2000 said; printf '\\001'")
        Path(folder, "script").write_text("\n".join(script) + "\n")
        done = subprocess.run(
            ["unshare", "--net", "sh", "script"], cwd=folder, stdout=subprocess.PIPE, check=True, env=_ENVIRONMENT
        )
    answers = iter(done.stdout.decode(errors="replace").split("\1"))
    return [{variant: _refusal(next(answers)) for variant in VARIANTS} for _ in inputs]


_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_LINE = re.compile(r"\bline:? (\d+)")


def _refusal(answer: str) -> Refusal | None:
    status, _, said = answer.partition("\n")
    if status == "0":
        return None
    named = _LINE.search(said)
    return Refusal(said.strip(), int(named[1]) if named else None)

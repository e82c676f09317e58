"""Application profiles with a fault: zimlint takes exactly those that ufw's own parser takes, and says why not.

``ZIMLINT_MUTATIONS`` says how many are tried. The parser is the installed ``ufw.applications``, run by the Python that
ufw runs with; ``test_ufw_words.py`` compares it with what ``ufw app list`` prints.
"""

# ruff: noqa: E501 - tables of words
from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import pytest

from tests.figures import count
from tests.kernel import ufw_sandbox
from zimlint.formats.ufw_profile import read_ufw_profiles
from zimlint.source import Source

MUTATIONS = int(os.environ.get("ZIMLINT_MUTATIONS", "800"))
SEED = int(os.environ.get("ZIMLINT_MUTATION_SEED", "1"))

_MISSING = ufw_sandbox.missing()
pytestmark = pytest.mark.skipif(_MISSING is not None, reason=f"real ufw: {_MISSING}")

_ASK = """
import builtins, json, os, sys, tempfile
builtins._ = lambda text: text
import ufw.applications, ufw.common, ufw.util
answers = []
for text in json.load(sys.stdin):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "profile"), "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
        said = []
        ufw.applications.warn = lambda words: said.append(str(words))
        taken = ufw.applications.get_profiles(folder)
        answers.append([list(taken), said])
json.dump(answers, sys.stdout)
"""


class Answer(NamedTuple):
    """The names that ufw takes, and its warnings."""

    names: list[str]
    said: list[str]


SEEDS = [
    "[Zimbra]\ntitle=Zimbra\ndescription=mail server\nports=25,80,443/tcp\n",
    "[Zimbra Mail]\ntitle=Mail\ndescription=mail\nports=25,465,587/tcp|53|7025:7047/udp\n\n"
    "[Zimbra Web]\ntitle=Web\ndescription=web\nports=80,443/tcp\n",
    "# profiles\n[A.b-c_d+e]\ntitle: t\ndescription: d\nports: smtp,imaps/tcp|any/udp\n[Z]\ntitle=t\ndescription=d\nports=1\n",
    "[DEFAULT]\ntitle=t\ndescription=d\n[One]\nports=25/tcp\n[Two]\nports=1:2,3:4,5:6,7:8,9:10,11:12,13:14,15/tcp\n",
    "[Zimbra]\ntitle=Zimbra\ndescription=long\n  text\nports=25,\n  80/tcp\n",
]  # fmt: skip
_PIECES = (
    "[", "]", "=", ":", "|", ",", "/", " ", "\t", "\n", "\r\n", "\r", "#", ";", "tcp", "udp", "TCP", "any", "esp", "25",
    "0", "65536", "65535", "99999999999", "-", "smtp", "nosuch", "all", "http", "7071:7047", "80:80", "25/tcp", "|53",
    "/tcp", "ports=26/tcp\n", "title=\n", "[Zimbra]\n", "[smtp]\n", "[22]\n", "[DEFAULT]\n", "[" + "n" * 65 + "]\n",
    "k" * 65 + "=v\n", "long=" + "v" * 1025 + "\n", "\ufeff", "\u00a0", "\u00e9", "\u0661", "\x00", "\udcff", "'", '"', "%", "\v",
    "\u2028", "  ports=5\n", "=", "x", "\n\n", "[]\n", "[ ]\n", "[a]b\n", "any/any", "any", "PORTS=25\n", "1_0", "+5", "\x85",
)  # fmt: skip


def mutate(random: Random, text: str) -> str:
    """One to three pieces put in, taken out, doubled or exchanged."""
    for _ in range(random.choice((1, 1, 2, 3))):
        start = random.randrange(len(text) + 1)
        end = min(len(text), start + random.choice((0, 0, 1, 1, 2, 5)))
        lines = text.split("\n")
        match random.randrange(6):
            case 0 | 1 | 2:
                text = text[:start] + random.choice(_PIECES) + text[end:]
            case 3:
                text = text[:start] + text[end:]
            case 4:
                place = random.randrange(len(lines))
                text = "\n".join(lines[:place] + lines[place + 1 :])
            case _:
                place = random.randrange(len(lines))
                text = "\n".join([*lines[: place + 1], *lines[place:]])
    return text


def test_profiles_that_ufw_takes_are_those_that_we_take() -> None:
    random = Random(SEED)
    texts = [mutate(random, random.choice(SEEDS)) for _ in range(MUTATIONS)]
    found = []
    for text, answer in zip(texts, _asked(texts), strict=True):
        profiles, problems = read_ufw_profiles(Source("applications.d/profile", text))
        names = [profile.name for profile in profiles]
        if names != answer.names or bool(problems) is not bool(answer.said):
            found.append(f"ufw {answer}, we {names} {[one.message for one in problems]}: {text!r}")
    count("mutated inputs", MUTATIONS)
    assert not found, f"{len(found)} disagreements:\n" + "\n".join(sorted(found, key=len)[:8])


def _asked(texts: Sequence[str]) -> list[Answer]:
    done = subprocess.run(
        ["/usr/bin/python3", "-X", "utf8", "-c", _ASK],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [Answer(names, said) for names, said in json.loads(done.stdout)]

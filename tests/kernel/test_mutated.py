"""Rule files with a fault: zimlint reports one exactly where the real iptables-restore, nft or legacy, refuses.

``ZIMLINT_MUTATIONS`` says how many are tried, ``ZIMLINT_MUTATION_SEED`` which. Where the two variants differ, a fatal
problem is what nft refuses, and one that is not fatal what legacy alone refuses; a dump that says it was saved by the
nft variant is judged by that one alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple

import pytest

from tests.figures import count
from tests.helpers import FIXTURES
from tests.kernel import restore
from tests.kernel.cases import CASES, text_of
from tests.kernel.corners import CORNERS
from tests.kernel.mutations import mutate
from tests.kernel.namespace import Variant
from tests.kernel.option_lines import option_files
from tests.kernel.restore import Input, Refusal, refusals
from tests.kernel.ufw_sandbox import STOCK_RULES
from zimlint.formats.iptables_save import load_rules
from zimlint.formats.modules import MATCHES, TARGETS
from zimlint.formats.tables import TableStore
from zimlint.model import Problem
from zimlint.packets import Family
from zimlint.source import Source

MUTATIONS = int(os.environ.get("ZIMLINT_MUTATIONS", "800"))
SEED = int(os.environ.get("ZIMLINT_MUTATION_SEED", "1"))
_BATCH = 400

_MISSING = restore.missing()
pytestmark = pytest.mark.skipif(_MISSING is not None, reason=f"real iptables-restore: {_MISSING}")


class Excuse(NamedTuple):
    """A difference that is meant: what the tool says, what the line is like, and why zimlint says nothing or more."""

    said: str
    line: str
    why: str


_KNOWN = "|".join(sorted({*MATCHES, *TARGETS}, key=len, reverse=True))
_UNKNOWN = rf"(^| )(-m|--match|-j|--jump) (?!({_KNOWN})( |$))"
"""A match or target that iptables 1.8.9 does not have."""

SILENT = (
    Excuse(rf"Couldn't load (match|target) `(?!({_KNOWN})')", "", "an add-on: told as a match that is not known"),
    Excuse(r"Extension \w+ revision \d+ not supported, missing kernel module", "", "this machine's kernel lacks it"),
    Excuse(r'unknown option "--', _UNKNOWN, "behind a name that is not known any option may be its own"),
    Excuse(r"host/network `(?=[^']*[A-Za-z])[\w.-]+' not found", "", "only the machine knows its host names"),
    Excuse(r"getaddrinfo: (Temporary failure in name resolution|Name or service not known)", r"[ .][\w.-]*[A-Za-z]",
           "only the machine knows its host names"),
    Excuse(r"(port/service|Port) `[a-z][\w.+-]*'|Port \"[a-z][\w.+-]*\" does not resolve", "",
           "only the machine knows its services"),
    Excuse(r"Too many links", "", "a loop of chains: found by a check of its own, not while reading"),
    Excuse(r"No such file or directory\): rule", r"QUEUE", "only legacy has QUEUE; both have NFQUEUE"),
    Excuse(r"Segmentation fault|Floating point exception", "", "the tool's own fault"),
    Excuse(r"No chain/target/match", r"^-Z ", "nft wants the chain declared before it"),
)  # fmt: skip
"""Where the tool refuses and zimlint does not, whatever is evaluated."""

VALUES = (
    Excuse(r"could not map name", r"--(src|dst)-group |--realm ", "a name of the files of iproute2"),
    Excuse(r"owner: Bad value", r"--[ug]id-owner [A-Za-z_]", "a user or group of the machine"),
    Excuse(r"connlabel", r"--label ", "a name of /etc/connlabel.conf"),
    Excuse(r"No such file or directory\): rule",
           r"-j CT .*--(helper|timeout) |--path |--object-pinned |-m (nfacct|rateest) |-j SECMARK ",
           "something that the kernel has or has not: a helper, a policy, a control group, a program, a counter"),
    Excuse(r"rateest: ", r"--rateest-[bp]ps", "rates in units of their own"),
    Excuse(r"Set .* doesn't exist", r"-set ", "a set, which no rule file holds"),
    Excuse(r"chunk", r"--chunk-types ", "names and flags of SCTP's chunks"),
    Excuse(r"^\S* ?.*u32: |bpf: ", r"--u32 |--bytecode ", "a program in a language of its own"),
    Excuse(r"hex.string|HEX|hex", r"--hex-string ", "bytes written in a way of their own"),
    Excuse(r"burst cannot be smaller|Rate too fast|RULE_APPEND failed \((Invalid argument|Numerical)", r"-m hashlimit ",
           "the kernel computes rate and burst together"),
    Excuse(r"only makes sense when stoptime", r"--contiguous", "two times of one match, compared"),
    Excuse(r"(ewmalog value is out of range|interval value is too)|RULE_APPEND failed \(Invalid", r"-j RATEEST ",
           "computed from two times"),
    Excuse(r"RULE_APPEND failed \(Invalid argument", r"-m policy .*--dir ", "the kernel compares --dir with the chain"),
    Excuse(r"RULE_APPEND failed \(Invalid argument", r"-j (SYNPROXY|TPROXY|TEE|HMARK|NFLOG) ",
           "numbers and addresses that the kernel refuses together with others of the line"),
    Excuse(r"only be used once", r"-j HMARK ", "the tool's own fault: it refuses the first prefix or mask"),
)  # fmt: skip
"""Values of options of matches and targets that no verdict is read from, and that ``option_checks.py`` cannot judge."""

STRICT = (
    Excuse("", r"! (-p|--protocol) ", "nft loads a port of a negated protocol, and looks it up in other headers"),
)  # fmt: skip
"""Where zimlint refuses and nft alone does not."""


def _seeds() -> list[Input]:
    found = [Input(case.family, text_of(case)) for case in (CASES | CORNERS).values() if not case.sets]
    found += [Input(family, text) for family, text in option_files()]
    for path in sorted([*FIXTURES.rglob("rules.v4"), *FIXTURES.rglob("rules.v6")]):
        text = path.read_bytes().decode()
        if "--match-set" not in text and "{{" not in text and "$" not in text:
            found.append(Input(Family.IPV6 if path.suffix == ".v6" else Family.IPV4, text))
    for family, prefix, suffix in ((Family.IPV4, "ufw", ""), (Family.IPV6, "ufw6", "6")):
        hooks = ("input", "output", "forward")
        chains = [f"{prefix}-{kind}-{hook}" for kind in ("skip-to-policy", "reject", "track") for hook in hooks]
        base = "*filter\n" + "".join(f":{chain} - [0:0]\n" for chain in chains) + "COMMIT\n"
        for name in ("before", "after", "user"):
            text = (STOCK_RULES / f"{name}{suffix}.rules").read_text()
            found += [Input(family, text, base)] * 6
    return found


def test_every_option_is_known() -> None:
    """Each extension with all of its options: the tools load it, and so does zimlint."""
    inputs = [Input(family, text) for family, text in option_files()]
    for given, answers in zip(inputs, refusals(inputs), strict=True):
        excused = answers["nft"] is not None and _excused(SILENT, answers["nft"].said, "")
        assert answers["nft"] is None or excused, (given.text, answers["nft"])
        assert [problem.message for problem in _problems(given) if problem.fatal] == [], given.text


def test_zimlint_refuses_what_the_tool_refuses() -> None:
    random = Random(SEED)
    seeds = _seeds()
    inputs = []
    for _ in range(MUTATIONS):
        seed = random.choice(seeds)
        inputs.append(seed._replace(text=mutate(random, seed.text)))
    found = []
    for start in range(0, MUTATIONS, _BATCH):
        batch = inputs[start : start + _BATCH]
        for given, answers in zip(batch, refusals(batch), strict=True):
            difference = _difference(given, answers)
            if difference is not None:
                found.append(f"{difference}\n{given.family.value}\n{given.text}")
    count("mutated inputs", MUTATIONS)
    found.sort(key=len)
    assert not found, "\n".join([f"{len(found)} disagreements", *found[1:9], "the shortest:", *found[:1]])


def _difference(given: Input, answers: Mapping[Variant, Refusal | None]) -> str | None:
    """How zimlint and the tools disagree, if they do and are not excused."""
    problems = _problems(given)
    fatal = [problem for problem in problems if problem.fatal]
    nft, legacy = answers["nft"], answers["legacy"]
    lines = given.text.split("\n")
    if nft is not None:
        if any(_same(problem, nft, lines) for problem in fatal) or (nft.line is None and fatal):
            return None
        if _excused((*SILENT, *VALUES), nft.said, _line(lines, nft.line)):
            return None
        if not fatal:
            return f"refused, not by us: {nft.said}"
        return f"refused elsewhere: {nft.said}; we: {[(one.span.line, one.message) for one in fatal]}"
    if fatal:
        excused = all(_excused(STRICT, "", _line(lines, problem.span.line)) for problem in fatal)
        return None if excused else f"loaded, not by us: {fatal[0].span.line}: {fatal[0].message}"
    if "(nf_tables)" in given.text[:500]:
        return None
    ours = any(problem.message.startswith("iptables-legacy-restore") for problem in problems)
    if ours == (legacy is not None):
        return None
    if legacy is not None and _excused((*SILENT, *VALUES), legacy.said, _line(lines, legacy.line)):
        return None
    return f"legacy says {legacy}, we {[one.message for one in problems]}"


def _problems(given: Input) -> tuple[Problem, ...]:
    store = TableStore(given.family)
    if given.base:
        load_rules(store, Source("base", given.base), flush=True)
    return load_rules(store, Source("rules.v4", given.text), flush=not given.base).problems


def _same(problem: Problem, refusal: Refusal, lines: Sequence[str]) -> bool:
    """The same line, or the same words: nft names the end of the block where a chain or a COMMIT is missing."""
    if problem.span.line == refusal.line or problem.message.split(": the table before")[0] in refusal.said:
        return True
    chain = re.search(r"Chain '(.+)' does not exist", refusal.said)
    return chain is not None and chain[1] in _line(lines, problem.span.line)


def _excused(excuses: tuple[Excuse, ...], said: str, line: str) -> bool:
    return any(re.search(one.said, said) and re.search(one.line, line) for one in excuses)


def _line(lines: Sequence[str], number: int | None) -> str:
    """Nothing for a line past the end; the tool names that where COMMIT is missing."""
    return lines[number - 1] if number is not None and number <= len(lines) else ""

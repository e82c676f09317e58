"""Dumps whose tables stand more than once, whole and with a fault: what both variants hold after they were loaded."""

from __future__ import annotations

import subprocess

import pytest

from tests.kernel.namespace import Variant
from tests.kernel.restore import VARIANTS, missing
from zimlint.formats.iptables_save import as_loaded, read_iptables_save
from zimlint.model import Ruleset, Verdict
from zimlint.packets import Family
from zimlint.source import Source

_WHY_NOT = missing()
pytestmark = pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))

FIRST = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:mine - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -j mine
-A mine -p tcp -m tcp --dport 25 -j ACCEPT
COMMIT
"""
AGAIN = """\
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT DROP [0:0]
-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
"""
NAT = """\
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 81 -j REDIRECT --to-ports 80
COMMIT
"""
NAT_AGAIN = NAT.replace("81", "82")
SHORT = AGAIN.replace(":INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT DROP [0:0]\n", "")


def _open(block: str) -> str:
    return block.replace("COMMIT\n", "")


def _typo(block: str) -> str:
    return block.replace("--dport", "--dprt")


WHOLE = {
    "two": FIRST + AGAIN,
    "three": FIRST + AGAIN + FIRST,
    "nat between": FIRST + NAT + AGAIN + NAT_AGAIN,
}
SECOND_FAULTY = {
    "no commit": FIRST + _open(AGAIN),
    "no commit, no defaults": FIRST + _open(SHORT),
    "no commit, nat follows": FIRST + _open(AGAIN) + NAT,
    "no commit, filter follows": FIRST + _open(AGAIN) + AGAIN,
    "commit and a blank": FIRST + AGAIN.replace("COMMIT", "COMMIT ") + NAT,
    "typo": FIRST + _typo(AGAIN),
    "typo, a third follows": FIRST + _typo(AGAIN) + AGAIN,
    "typo, nat follows": FIRST + _typo(AGAIN) + NAT,
    "typo in the third": FIRST + AGAIN + _typo(FIRST),
    "typo in nat between": FIRST + _typo(NAT) + AGAIN,
    "typo in nat, which stands twice": NAT + FIRST + _typo(NAT_AGAIN),
    "no such chain": FIRST + AGAIN.replace("-j ACCEPT", "-j nowhere"),
    "chain of the first": FIRST + AGAIN.replace("-j ACCEPT", "-j mine"),
    "no such default": FIRST + AGAIN.replace("INPUT DROP", "INPUT DRP"),
    "no such table": FIRST + AGAIN.replace("*filter", "*fliter") + AGAIN,
    "line between": FIRST + "-A INPUT -j ACCEPT\n" + AGAIN,
    "carriage returns": FIRST + AGAIN.replace("\n", "\r\n"),
    "blank before the table": FIRST + " " + AGAIN,
}
FIRST_FAULTY = {
    "typo": _typo(FIRST) + AGAIN,
    "typo, whole nat before": NAT + _typo(FIRST) + AGAIN + NAT_AGAIN,
    "no commit": _open(FIRST) + AGAIN,
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", WHOLE)
def test_the_last_block_of_a_table_holds(name: str, variant: Variant) -> None:
    ruleset = _read(WHOLE[name])
    assert ruleset.problems == ()
    assert _shape(ruleset) == _shape(_loaded(WHOLE[name], variant))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", SECOND_FAULTY)
def test_a_block_that_does_not_load_leaves_the_one_before(name: str, variant: Variant) -> None:
    """In the ruleset that is judged too, for each table that was committed before the fault."""
    text = SECOND_FAULTY[name]
    ruleset, held = _read(text), _shape(_loaded(text, variant))
    assert any(problem.fatal for problem in ruleset.problems)
    assert _shape(as_loaded(ruleset)) == held
    judged = _shape(ruleset)
    assert {place: judged[place] for place in held} == held


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", FIRST_FAULTY)
def test_a_fault_in_the_first_block_costs_the_later_ones(name: str, variant: Variant) -> None:
    """What is judged is what was meant: the last block."""
    text = FIRST_FAULTY[name]
    ruleset = _read(text)
    assert any(problem.fatal for problem in ruleset.problems)
    held = _shape(_loaded(text, variant))
    assert _shape(as_loaded(ruleset)) == held
    assert not any(table == "filter" and rules for (table, _), (_, rules) in held.items())
    judged = {place: lines for place, lines in _shape(ruleset).items() if place[0] == "filter"}
    assert judged == _shape(_read(AGAIN))


def test_the_variants_differ_in_a_default_that_the_last_block_does_not_name() -> None:
    text = FIRST + SHORT
    ruleset, nft, legacy = _read(text), _loaded(text, "nft"), _loaded(text, "legacy")
    assert _shape(ruleset) == _shape(nft)
    assert nft.tables["filter"]["INPUT"].default is Verdict.ACCEPT
    assert legacy.tables["filter"]["INPUT"].default is Verdict.DROP


def _read(text: str) -> Ruleset:
    return read_iptables_save(Source("rules.v4", text), Family.IPV4)


def _loaded(text: str, variant: Variant) -> Ruleset:
    """What the tables of a new namespace hold after the file was loaded."""
    script = f"iptables-{variant}-restore >&2; iptables-{variant}-save"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script], input=text.encode(), capture_output=True, check=True
    )
    saved = "".join(line + "\n" for line in done.stdout.decode().splitlines() if not line.startswith("#"))
    ruleset = read_iptables_save(Source("saved", saved or "*filter\nCOMMIT\n"), Family.IPV4)
    assert ruleset.problems == ()
    return ruleset


def _shape(ruleset: Ruleset) -> dict[tuple[str, str], tuple[Verdict | None, list[str]]]:
    """Each chain's default and lines; built-in chains that nothing was done to are left out."""
    return {
        (table, name): (chain.default, [repr((rule.conditions, rule.target)) for rule in chain.rules])
        for table, chains in ruleset.tables.items()
        for name, chain in chains.items()
        if chain.rules or chain.default is not Verdict.ACCEPT
    }


ZEROED = ("-Z\n", "-Z INPUT\n", "-P INPUT DROP\n-Z\n", "-Z\n-P INPUT DROP\n", "-Z mine\n")


@pytest.mark.parametrize("lines", ZEROED)
def test_zeroing_a_chain_takes_its_default_away_in_nft_only(lines: str) -> None:
    """iptables-nft-restore writes such a chain once more, without a policy; zimlint says what nft does."""
    text = FIRST.replace("COMMIT\n", f"{lines}COMMIT\n")
    ruleset, nft, legacy = _read(text), _loaded(text, "nft"), _loaded(text, "legacy")
    for chain in ("INPUT", "FORWARD", "OUTPUT"):
        assert ruleset.tables["filter"][chain].default is nft.tables["filter"][chain].default, chain
    assert legacy.tables["filter"]["INPUT"].default is Verdict.DROP

"""A ruleset said in another way is still that ruleset: ``-D`` takes away the line that it is meant to."""

from __future__ import annotations

from random import Random

from tests.kernel.shuffle import shuffled
from zimlint.formats.iptables_save import read_iptables_save
from zimlint.packets import Family
from zimlint.source import Source

LINES = "-p 6 -j ACCEPT\n-m limit --limit 3/hour -j DROP\n-p 17 -j ACCEPT\n-j ACCEPT"


def test_lines_stay_in_order() -> None:
    """Also where a line that comes and goes says the same as one that stays."""
    for family in Family:
        lines = "".join(f"-A INPUT {line}\n" for line in LINES.split("\n"))
        drawn = read_iptables_save(Source("rules", f"*filter\n:INPUT DROP [0:0]\n{lines}COMMIT\n"), family)
        wanted = [rule.target for rule in drawn.tables["filter"]["INPUT"].rules]
        for seed in range(200):
            text = shuffled(drawn, Random(seed))
            found = read_iptables_save(Source("rules", text), family)
            assert not [problem for problem in found.problems if problem.check != "repeated-table"]
            rules = found.tables["filter"]["INPUT"].rules
            assert [rule.target for rule in rules] == wanted, text
            assert rules[0].conditions == drawn.tables["filter"]["INPUT"].rules[0].conditions, text

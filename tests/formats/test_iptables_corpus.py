"""Real dumps, where ZIMLINT_CORPUS names their folder: every line that iptables 1.8.9 loads is understood."""

from __future__ import annotations

from pathlib import Path

from tests.corpus import corpus_files
from zimlint.formats.iptables_save import load_rules, read_iptables_save
from zimlint.formats.tables import TableStore
from zimlint.packets import Family
from zimlint.source import Source

KNOWN_WORDS = (
    "unknown option",  # of old versions, or invented
    "Bad argument",  # the old negation; lines cut off by a terminal
    "host/network `<",  # made anonymous
    "mac: bad value",  # XX:XX:XX:XX:XX:XX, made anonymous too
    "Couldn't load match `icmp6'",  # a dump for both families
)
"""What the real tool says to lines of these dumps, too."""


_UFW_CHAINS = "\n".join(
    [
        "*filter",
        *(f":{ufw}-user-logging-{way} - [0:0]" for ufw in ("ufw", "ufw6") for way in ("input", "output", "forward")),
        "COMMIT\n",
    ]
)


def _files(folder: str) -> list[Path]:
    return [path for path in corpus_files(folder) if path.suffix not in (".md", ".jsonl")]


def _source(path: Path) -> Source:
    return Source(path.name, path.read_bytes().decode("utf-8", "replace"))


def test_real_dumps_are_understood() -> None:
    for path in _files("iptables"):
        ruleset = read_iptables_save(_source(path))
        unread = [problem for problem in ruleset.problems if problem.check in ("unreadable-line", "undefined-chain")]
        assert all(problem.message.startswith(KNOWN_WORDS) for problem in unread), (path.name, unread)
        assert any(chain.rules for chains in ruleset.tables.values() for chain in chains.values()) or any(
            problem.check == "template" for problem in ruleset.problems
        ), path.name


def test_rule_files_of_ufw_s_own_tests_are_understood() -> None:
    for path in _files("ufw-testsuite/rules"):
        store = TableStore(Family.IPV6 if "user6." in path.name else Family.IPV4)
        load_rules(store, Source("made at boot", _UFW_CHAINS), flush=False)
        loaded = load_rules(store, _source(path), flush=False)
        assert not loaded.unread_lines, (path.name, loaded.problems)

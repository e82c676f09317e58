"""Makes ``rules/rules.json``, which zimlint loads, of the YAML in ``rules/``: ``python -m tests.make_rules``.

The table of checks in ``README.md`` is made along with it.

Invariant: the same YAML always gives the same text; a test compares it with the file.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.make_readme import write_readme
from zimlint.checks import QUESTIONS, Check, read_check
from zimlint.finding import Severity
from zimlint.source import Source
from zimlint.yaml_tree import YamlList, YamlMap, YamlNode, YamlText, read_tree

RULES = Path(__file__).parent.parent / "rules"
TARGET = RULES / "rules.json"


def read_source(path: Path) -> Source:
    """A file under ``rules/``."""
    return Source(str(path.relative_to(RULES.parent)), path.read_text(encoding="utf-8"))


def checks() -> list[Check]:
    """All checks: those that ask the same question beside each other."""
    found = [read_check(read_source(path)) for path in sorted((RULES / "checks").glob("*.yaml"))]
    return sorted(found, key=lambda check: (QUESTIONS.index(check.question), check.id))


def make_rules() -> str:
    """The text of ``rules.json``."""
    rules = {
        "services": _plain(read_tree(read_source(RULES / "catalogue" / "ports.yaml"))),
        "roles": _plain(read_tree(read_source(RULES / "catalogue" / "roles.yaml"))),
        "tools": _plain(read_tree(read_source(RULES / "catalogue" / "tools.yaml"))),
        "checks": {
            check.id: {
                "severity": check.severity.word if isinstance(check.severity, Severity) else check.severity,
                "question": check.question,
                "params": check.params,
                "title": check.title,
                "why": check.why,
                "fix": check.fix,
                "sources": check.sources,
            }
            for check in checks()
        },
    }
    return json.dumps(rules, indent=0, ensure_ascii=False) + "\n"


def _plain(node: YamlNode | None) -> object:
    match node:
        case YamlMap():
            return {key: _plain(value) for key, value in node.entries.items()}
        case YamlList():
            return [_plain(item) for item in node.items]
        case YamlText():
            return node.text
        case None:
            return None


if __name__ == "__main__":
    TARGET.write_text(make_rules(), encoding="utf-8")
    write_readme()

"""Each rewrite of each fixture gets the findings of the original, but for line numbers."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.figures import count
from tests.helpers import FIXTURES, run_zimlint
from tests.metamorphic.lines import lines_of, text_of
from tests.metamorphic.rewrites import REWRITES, own_chains, renamed
from tests.test_fixtures import CASES, HOSTS
from zimlint.cli.inputs import SITE_FILE
from zimlint.formats import sniff
from zimlint.source import Source

_NUMBERS = re.compile(r"(?<=line )\d+|(?<=lines )\d+(?:-\d+)?|(?<=:)\d+(?=:|$|,)")

EXCEPTIONS: dict[tuple[str, str], str] = {
    ("checks/unused-suppression/quiet-comment-above-the-line", "remarks"): "a remark comes between comment and line",
    ("checks/unused-suppression/quiet-other-spelling", "remarks"): "a remark comes between comment and line",
    ("checks/dead-deny/quiet-rest-of-a-network", "halves of networks"): "a half is not the rest of what is let in",
    (
        "checks/rate-limit-on-mail/quiet-limit-on-ssh-only",
        "halves of networks",
    ): "a half is not the rest of what is let in",
    ("checks/not-loaded/fires-second-block-no-commit", "wrapped in a chain"): "a block knows no chain of another",
    ("checks/not-loaded/quiet-two-blocks", "wrapped in a chain"): "a block knows no chain of another",
    ("checks/unreadable-line/quiet-two-blocks", "wrapped in a chain"): "a block knows no chain of another",
    ("checks/protocol-missing/fires-tree", "remarks"): "ufw writes the two lines of a rule together, and no remarks",
    (
        "checks/dead-deny/fires-ban-behind-an-open-port-in-ufw",
        "halves of networks",
    ): "a ban in two halves is two lines, of which ufw status shows one",
    ("checks/admin-console-exposed/fires-with-ldap-in-one-line", "ports apart"): "several lines are several faults",
    ("checks/internal-port-exposed/fires-beside-an-unknown-port", "ports apart"): "several lines are several faults",
    (
        "checks/replies-blocked/fires-mail-exempted-from-tracking",
        "ports apart",
    ): "what is not tracked is never new, so the line about it alone is left with what comes over lo",
    ("checks/ssh-exposed/quiet-by-ipsec", "other names"): "behind -m policy, --proto is an option of that match",
    ("checks/template/fires-shell", "quoted words"): "a $ in quotes is text to iptables-restore",
    ("checks/matches-nothing/quiet-all-can-hold", "ports apart"): "half of the list contradicts another match",
    ("checks/unused-suppression/quiet-comment-of-a-ufw-rule", "ports apart"): "half of the list is told once more",
    (
        "checks/profile-opens-internal/quiet-accepted-in-the-rules",
        "ports apart",
    ): "half of the list is opened once more",
    ("checks/unused-suppression/quiet-comment-of-the-rule", "quoted words"): "no tool quotes the word --comment",
}
"""Fixture and rewrite that rightly differ, and why."""


class Told(NamedTuple):
    """What must stay the same of a finding; the line is that of the original."""

    check: str
    severity: str
    certainty: str
    message: str
    file: str
    line: int
    families: tuple[str, ...]
    ports: tuple[str, ...]
    sources: tuple[str, ...]


class Outcome(NamedTuple):
    """A report, as far as it is compared."""

    findings: tuple[Told, ...]
    notes: tuple[str, ...]
    status: int


def name_of(folder: Path) -> str:
    return str(folder.relative_to(FIXTURES))


def outcome(folder: Path, origins: Mapping[str, Mapping[int, int]], names: Mapping[str, str]) -> Outcome:
    """The report on a folder, with lines mapped back to ``origins`` and chains to their old names."""
    run = run_zimlint("--format", "json", folder.name, cwd=folder.parent)
    assert run.out, run.err
    report = json.loads(run.out)

    def plain(text: str) -> str:
        for old, new in names.items():
            text = text.replace(new, old)
        return _NUMBERS.sub("#", text)

    findings = [
        Told(
            finding["check"],
            finding["severity"],
            finding["certainty"],
            plain(finding["message"]),
            finding["file"],
            origins.get(finding["file"], {}).get(finding["line"], finding["line"]),
            tuple(finding["families"]),
            tuple(finding["ports"]),
            tuple(finding["sources"]),
        )
        for finding in report["findings"]
    ]
    notes = [f"{note['check']} {plain(note['message'])}" for note in report["notes"]]
    # a template's message quotes the line, which is what was rewritten
    findings = [told._replace(message="") if told.check == "template" else told for told in findings]
    return Outcome(tuple(sorted(findings)), tuple(sorted(notes)), run.status)


@cache
def original(folder: Path) -> Outcome:
    return outcome(folder, {}, {})


def covered(found: Outcome) -> tuple[object, ...]:
    """What several lines tell together: of each check and line of the original, all ports and sources."""
    told: dict[tuple[str, str, str, int], set[str]] = {}
    for finding in found.findings:
        key = (finding.check, finding.severity, finding.file, finding.line)
        told.setdefault(key, set()).update(finding.ports, finding.sources, finding.families)
    return told, found.notes, found.status


def rewritten(folder: Path, name: str, target: Path) -> tuple[dict[str, dict[int, int]], dict[str, str]] | None:
    """Write the changed host; the old number of each line, and the new names of chains. None: nothing to change."""
    shutil.copytree(folder, target)
    for above, place in zip(folder.parents, target.parents, strict=False):
        if FIXTURES in above.parents and (above / SITE_FILE).exists():
            shutil.copy(above / SITE_FILE, place)
    origins: dict[str, dict[int, int]] = {}
    names: dict[str, str] = {}
    for path in sorted(path for path in target.rglob("*") if path.is_file()):
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        if sniff(Source(str(path), text)) not in ("iptables-save", "ufw-rules"):
            continue
        before = lines_of(text)
        after = REWRITES[name].apply(before)
        if text_of(after) == text:
            continue
        path.write_bytes(text_of(after).encode("utf-8", "surrogateescape"))
        file = str(path.relative_to(target.parent))
        origins[file] = {number: line.number for number, line in enumerate(after, 1)}
        if name == "renamed chains":
            names |= {chain: renamed(chain) for chain in own_chains(before)}
    return (origins, names) if origins else None


@pytest.mark.slow
@pytest.mark.parametrize("name", REWRITES)
def test_the_same_rules_get_the_same_findings(name: str, tmp_path: Path) -> None:
    """However they are written."""
    differences: list[str] = []
    pairs = 0
    for folder in HOSTS + CASES:
        if (name_of(folder), name) in EXCEPTIONS:
            continue
        target = tmp_path / name_of(folder)
        mapped = rewritten(folder, name, target)
        if mapped is None:
            continue
        pairs += 1
        before, after = original(folder), outcome(target, *mapped)
        same = covered(before) == covered(after) if REWRITES[name].splits else before == after
        if not same:
            differences.append(_difference(name_of(folder), before, after))
    count("metamorphic pairs", pairs)
    assert pairs, "nothing was rewritten"
    assert differences == [], "\n".join(differences)


def _difference(name: str, before: Outcome, after: Outcome) -> str:
    lines = [f"{name}: status {before.status} -> {after.status}"]
    lines += [f"  - {told}" for told in before.findings if told not in after.findings]
    lines += [f"  + {told}" for told in after.findings if told not in before.findings]
    lines += [f"  - note {note}" for note in before.notes if note not in after.notes]
    lines += [f"  + note {note}" for note in after.notes if note not in before.notes]
    return "\n".join(lines)

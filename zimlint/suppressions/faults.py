"""What is wrong with suppressions in files: not understood, of no check, without a reason, in vain.

Invariant: what merely speaks of zimlint is no suppression and nothing is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from zimlint.checks import Check
from zimlint.finding import Finding
from zimlint.model import Opaque
from zimlint.questions.case import Case
from zimlint.questions.findings import finding
from zimlint.source import Source, Span
from zimlint.suppressions.comments import Suppression

SITE_ONLY = ("not-loaded", "unreadable-line")
"""A file that does not load as it stands cannot vouch for itself."""
_OF_SEVERAL = ("drift", "family", "required", "setting", "user_rules")
"""Questions that compare files: of one file alone nobody knows that they find nothing."""


def faults_of(
    own: Check, case: Case, checks: Mapping[str, Check], asked: Collection[str], suppressions: Sequence[Suppression],
    used: Collection[tuple[Span, str]],
) -> Iterable[Finding]:  # fmt: skip
    """What is wrong with suppressions; the same one in several views of a rule is told once.

    None is called idle where its rule allows a profile whose ports the input does not show.
    """
    fragments = {ruleset.source for ruleset in case.host.rulesets if ruleset.view == "fragment"}
    unseen = _unseen(case)
    told_of: dict[str, Finding] = {}
    for one in suppressions:
        twins = [other for other in suppressions if _twins(one, other)]
        idle = [
            name
            for name in one.checks
            if name in asked
            and one.span.source not in fragments
            and not any((one.span.source, line) in unseen for line in one.lines)
            and not (checks[name].question in _OF_SEVERAL and len(case.host.sources) == 1)
            and not any((twin.span, name) in used for twin in twins)
        ]
        message = _message(one, checks, idle) if one.checks else _not_understood(one, checks)
        if message:
            first = told_of.get(one.text)
            if first is not None and any(first.span == twin.span for twin in twins):
                told_of[one.text] = first._replace(related=(*first.related, (one.span, "the same, seen here")))
                continue
            if first is not None:
                yield first
            told_of[one.text] = finding(own, case, one.span, message)
    yield from told_of.values()


def _unseen(case: Case) -> set[tuple[Source, int]]:
    """The lines that allow a profile whose ports nobody shows."""
    return {
        (rule.span.source, rule.span.line)
        for ruleset in case.host.rulesets
        for chain in ruleset.tables.get("filter", {}).values()
        for rule in chain.rules
        if any(isinstance(condition, Opaque) and condition.module == "ufw-app" for condition in rule.conditions)
    }


def _twins(one: Suppression, other: Suppression) -> bool:
    """Whether two may be one, seen in several files or families."""
    return one.text == other.text and (one.span.source is not other.span.source or one.of_rule or one is other)


def _message(one: Suppression, checks: Mapping[str, Check], idle: Sequence[str]) -> str:
    for name in one.checks:
        if name not in checks:
            from zimlint.yaml_tree import hint

            return f"there is no check '{name}' to allow{hint(name, checks)}"
        if checks[name].severity == "note":
            return f"{name} is a note and no finding, there is nothing to suppress"
        if name in SITE_ONLY:
            return f"{name} is not suppressed from within the file, only by ignore in the site file"
    names = " and ".join(one.checks)
    if not one.reason:
        return f"the suppression of {names} gives no reason, so it does not count"
    return f"{' and '.join(idle)} {'is' if len(idle) == 1 else 'are'} allowed here, but not found" if idle else ""


def _not_understood(one: Suppression, checks: Mapping[str, Check]) -> str:
    """What to write in its place; empty where it may well be no suppression, as it names no check."""
    words = (word.replace("_", "-") for word in re.findall(r"[a-z\d]+(?:[-_][a-z\d]+)*", one.text.lower()))
    meant = [name for word in words for name in _near(word, checks)]
    if not meant and not one.marked:
        return ""
    model = f"zimlint: allow {', '.join(dict.fromkeys(meant)) or 'CHECK'}: reason"
    begins = re.match("zimlint", one.text, re.IGNORECASE)
    so = f"is not understood; a suppression reads '{model}'" if begins else f"does not begin with '{model}'"
    return f"'{_short(one.text)}' {so}"


def _near(word: str, checks: Collection[str]) -> Sequence[str]:
    """The check that a word names, or, where it has a hyphen as no other word has, all but names."""
    if word in checks or "-" not in word:
        return (word,) if word in checks else ()
    from difflib import get_close_matches

    return get_close_matches(word, checks, n=1, cutoff=0.85)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."

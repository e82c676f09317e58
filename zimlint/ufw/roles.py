"""Which file of an /etc/ufw tree a text is.

Invariant: a dump of a running ufw is none of them, though it names the same chains.
"""

from __future__ import annotations

import re

from zimlint.source import Source

RULES_FILES = ("before.rules", "after.rules", "user.rules", "before6.rules", "after6.rules", "user6.rules")
"""The roles; ufw loads them in this order, the IPv6 ones into ip6tables."""

_HOOKED = re.compile(r"^(?:\[\d+:\d+\] )?-[AI] INPUT .*-j ufw6?-before-input\b", re.MULTILINE)
"""Only the kernel has this line: ufw adds it and no file of a tree holds it."""
_TUPLE = re.compile(r"^### (?:tuple ### .*|(?:END )?RULES ###)$", re.MULTILINE)
_CHAIN = re.compile(r"^(?::|-A )(ufw6?)-(user|before|after)-(?:input|output|forward)\b", re.MULTILINE)
_RULE = re.compile(r"^(?:\*[a-z]+|:[^ ]+ .*|-A .*)$", re.MULTILINE)
_SIX = re.compile(r"^(?::|-A )ufw6-", re.MULTILINE)


def role_of(source: Source) -> str | None:
    """``user.rules``, ``before6.rules`` ...; None for anything else. The content counts first, then the name."""
    text = source.text
    if _HOOKED.search(text):
        return None
    name = source.name.replace("\\", "/").rsplit("/", 1)[-1]
    named = name if name in RULES_FILES else None
    chain = _CHAIN.search(text)
    if _TUPLE.search(text) or (chain is not None and chain[2] == "user"):
        if _SIX.search(text) or named == "user6.rules":
            return "user6.rules"
        return "user.rules"
    if chain is not None:
        return f"{chain[2]}{chain[1][3:]}.rules"
    # a file that holds no ufw chain at all: emptied, or only a nat block
    return named if not text.strip() or _RULE.search(text) else None

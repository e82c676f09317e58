"""Which file of an /etc/ufw tree a text is.

Invariant: a dump of a running ufw is none of them, though it names the same chains.
"""

from __future__ import annotations

import re

from zimlint.source import Source

RULES_FILES = ("before.rules", "after.rules", "user.rules", "before6.rules", "after6.rules", "user6.rules")
"""The roles; ufw loads them in this order, the IPv6 ones into ip6tables."""

# compiled only when a text gets that far
_HOOKED = r"^(?:\[\d+:\d+\] )?-[AI] INPUT .*-j ufw6?-before-input\b"
"""Only the kernel has this line: ufw adds it and no file of a tree holds it."""
_TUPLE = r"^### (?:tuple ### .*|(?:END )?RULES ###)$"
_CHAIN = r"^(?::|-A )(ufw6?)-(user|before|after)-(?:input|output|forward)\b"
_RULE = r"^(?:\*[a-z]+|:[^ ]+ .*|-A .*)$"
_SIX = r"^(?::|-A )ufw6-"


def role_of(source: Source) -> str | None:
    """``user.rules``, ``before6.rules`` ...; None for anything else. The content counts first, then the name."""
    text = source.text
    if _found(_HOOKED, text):
        return None
    name = source.name.replace("\\", "/").rsplit("/", 1)[-1]
    named = name if name in RULES_FILES else None
    chain = re.search(_CHAIN, text, re.M)
    if _found(_TUPLE, text) or (chain is not None and chain[2] == "user"):
        if _found(_SIX, text) or named == "user6.rules":
            return "user6.rules"
        return "user.rules"
    if chain is not None:
        return f"{chain[2]}{chain[1][3:]}.rules"
    # a file that holds no ufw chain at all: emptied, or only a nat block
    return named if not text.strip() or _found(_RULE, text) else None


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.M) is not None

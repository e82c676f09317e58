"""What an administrator allows, with a reason: in comments of his files, and under ``ignore`` in the site file.

Invariant: a run without suppressions loads nothing but this.
"""

from __future__ import annotations

from collections.abc import Iterable

from zimlint.source import Source

MARK = "zimlint:"
MARK_IN_HEX = MARK.encode().hex()
"""As ufw keeps it in user.rules."""


def has_suppressions(sources: Iterable[Source]) -> bool:
    """Whether it is worth while to look closer."""
    return any(MARK in source.text or MARK_IN_HEX in source.text for source in sources)

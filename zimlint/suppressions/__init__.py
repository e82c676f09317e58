"""What an administrator allows, with a reason: in comments of his files, and under ``ignore`` in the site file.

Invariant: a run without suppressions loads nothing but this.
"""

from __future__ import annotations

from collections.abc import Iterable

from zimlint.source import Source

_SPELT = ("lint", "Lint", "LINT")
_SIGNS = (*_SPELT, *(word.encode().hex() for word in _SPELT))
"""Of zimlint in any case that people write, in plain text and as ufw keeps a comment in user.rules."""


def has_suppressions(sources: Iterable[Source]) -> bool:
    """Whether it is worth while to look closer. Plain searches: a dump of 100,000 lines is through in milliseconds."""
    return any(sign in source.text for source in sources for sign in _SIGNS)

"""Ids of checks, as users type them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from zimlint.source import ConfigError


def known_check(checks: Collection[str], *ids: str) -> None:
    """Refuse an id that no check has."""
    for word in ids:
        if word not in checks:
            raise ConfigError(f"no check is called '{word}'{hint(word, checks)}; 'zimlint checks' lists them")


def hint(word: str, known: Iterable[str]) -> str:
    """``, did you mean 'x'?`` where a known word is near, else nothing."""
    from difflib import get_close_matches

    near = get_close_matches(word.lower().replace("_", "-"), known, n=1, cutoff=0.6)
    return f", did you mean '{near[0]}'?" if near else ""

"""The words of ``ufw status`` in the languages that ufw is translated to.

Only the head and the table's title are ever translated, each string on its own, so one output mixes languages; the rows
are English always (ufw's catalogues, ``locales/po``). The strings are in ``grammars/ufw_status_words.json``.
Invariant: English text never loads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from zimlint.assets import asset_json
from zimlint.source import InternalError

_ENGLISH = re.compile(
    r"Status: (?:(?:in)?active|(?:not )?loaded)|Logging: (?:on(?: \(\w+\))?|off|unknown)|New profiles: \w+"
    r"|Default: \w+(?: \(incoming\), \w+ \(outgoing\)(?:, \w+ \(routed\))?)?|To Action From"
)
_POLICIES = re.compile(r"(.+?) ?(\w+) \(([^()]+)\), (\w+) \(([^()]+)\)(?:, (\w+) \(([^()]+)\))?")


def english(line: str) -> str | None:
    """A line of the head, or the table's title, as English ufw prints it; None if it is neither in any language."""
    spaced = " ".join(line.replace("\uff1a", ":").split())  # French no-break blanks, Chinese wide colons
    if _ENGLISH.fullmatch(spaced):
        return spaced
    return next(_translations(spaced), None)


def _translations(line: str) -> Iterator[str]:
    if not line or len(line) > 200:
        return
    words = _words()
    for state in ("active", "inactive"):
        if line in words[state]:
            yield f"Status: {state}"
    for prefix in words["logging"]:
        if line.startswith(prefix):
            level = line.removeprefix(prefix).strip()
            yield f"Logging: {'unknown' if level in words['unknown'] else level}"
    for prefix in words["new profiles"]:
        if line.startswith(prefix):
            yield f"New profiles: {line.removeprefix(prefix).strip()}"
    found = _POLICIES.fullmatch(line)
    if found and found[1] in words["default"] and found[3] in words["incoming"] and found[5] in words["outgoing"]:
        if found[6] is None:
            yield f"Default: {found[2]} (incoming), {found[4]} (outgoing)"
        elif found[7] in words["routed"]:
            yield f"Default: {found[2]} (incoming), {found[4]} (outgoing), {found[6]} (routed)"
    title = line.split(" ", 2)
    if len(title) == 3 and all(word in words[part] for part, word in zip(("to", "action", "from"), title, strict=True)):
        yield "To Action From"


@cache
def _words() -> dict[str, frozenset[str]]:
    table = asset_json("grammars/ufw_status_words.json")
    if not isinstance(table, dict):
        raise InternalError("ufw_status_words.json is not an object")
    return {part: frozenset(map(str, words)) for part, words in table.items()}

"""What iptables-restore says to a line that the grammar does not know.

Invariant: every refusal names the word at fault.
"""

from __future__ import annotations

from collections.abc import Sequence

from zimlint.formats.lines import MAX_SHAPE, ShapeRefused
from zimlint.formats.modules import owners
from zimlint.formats.shapes import keywords
from zimlint.formats.tables import Refused


def grammar_refusal(words: Sequence[str], shape: str, refusal: ShapeRefused) -> Refused:
    """The tool's words for what the grammar refused in a line."""
    if refusal.column >= MAX_SHAPE:
        return Refused("the line has too many options to be read")
    place = min(shape.count(" ", 0, refusal.column - 1), len(words) - 1)
    word = words[place]
    if place == len(words) - 1:
        if "VALUE" in refusal.expected:
            return Refused(f'option "{word}" requires an argument')
        if "$END" not in refusal.expected and "APPEND" in refusal.expected and not _is_argument(word):
            return Refused("nothing appropriate following !" if word == "!" else "no command specified")
        if word == "!":
            return Refused("nothing appropriate following !")
    if place and words[place - 1] == "!" and word.startswith("-"):
        module = owners(keywords().get(word, ""))[0]
        if module in ("jump", "goto", "module") or word in _COMMANDS:
            return Refused(f"cannot have ! before {word}")
        return Refused(f'{module}: option "{word}" cannot be inverted.')
    if word in _COMMANDS:
        return Refused(f"Cannot use {word} with {next((w for w in words if w in _COMMANDS), word)}")
    return Refused(f"Bad argument `{word}'")


def _is_argument(word: str) -> bool:
    return not word.startswith("-")


_COMMANDS = frozenset({"-A", "-C", "-D", "-I", "-R", "-P", "-N", "-E", "-F", "-X", "-Z", "-L", "-S"})

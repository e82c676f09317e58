"""What iptables-restore says to a line that the grammar does not know.

Invariant: every refusal names the word at fault.
"""

from __future__ import annotations

from collections.abc import Sequence

from zimlint.formats.lines import MAX_SHAPE, ShapeRefused
from zimlint.formats.tables import Refused


def refused_place(shape: str, refusal: ShapeRefused) -> int:
    """Which word the grammar stopped at; one past the last at the end of the line."""
    return shape.count(" ", 0, refusal.column - 1)


def grammar_refusal(words: Sequence[str], place: int, refusal: ShapeRefused) -> Refused:
    """The tool's words for what the grammar refused in a line."""
    if refusal.column >= MAX_SHAPE:
        return Refused("the line has too many options to be read")
    if place == len(words):
        return _refusal_at_end(words, refusal)
    word = words[place]
    if "WORD" in refusal.expected and len(refusal.expected) == 1:
        option = next((before for before in reversed(words[:place]) if before.startswith("-")), word)
        return Refused("-R requires a rule number" if option in ("-R", "--replace") else f"{option} requires two args.")
    return Refused(f"Bad argument `{word}'")


def _refusal_at_end(words: Sequence[str], refusal: ShapeRefused) -> Refused:
    if not words or "APPEND" in refusal.expected:
        return Refused("no command specified")
    if words[-1] == "!":
        return Refused("nothing appropriate following !")
    option = next((word for word in reversed(words) if word.startswith("-")), words[-1])
    if "VALUE" in refusal.expected or words[-1] == option:
        return Refused(f'option "{option}" requires an argument')
    return Refused("-R requires a rule number" if option in ("-R", "--replace") else f"{option} requires two args.")

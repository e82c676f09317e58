"""The door between our own JSON and our values.

Invariant: what is not of the asked type is our mistake, an ``InternalError``.
"""

from __future__ import annotations

from zimlint.source import InternalError


def as_object(value: object) -> dict[str, object]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise InternalError(f"rules.json: {value!r} is not an object")
    return value


def as_list(value: object) -> list[object]:
    """A JSON array."""
    if not isinstance(value, list):
        raise InternalError(f"rules.json: {value!r} is not a list")
    return value


def as_text(value: object) -> str:
    """A JSON string."""
    if not isinstance(value, str):
        raise InternalError(f"rules.json: {value!r} is not a text")
    return value


def as_texts(value: object) -> tuple[str, ...]:
    """A JSON array of strings."""
    return tuple(map(as_text, as_list(value)))

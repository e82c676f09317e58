"""The data that zimlint ships: ``grammars/`` and ``rules/``.

In a wheel they lie inside the package, in a checkout or an editable install beside it.
Invariant: nothing is read at import.
"""

from __future__ import annotations

import json
import os
from functools import cache

from zimlint.source import InternalError

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


def asset_path(name: str) -> str:
    """The path of a shipped file or folder, e.g. ``rules/checks``."""
    for root in (_PACKAGE, os.path.dirname(_PACKAGE)):
        path = os.path.join(root, *name.split("/"))
        if os.path.exists(path):
            return path
    raise InternalError(f"{name} is missing from this installation")


def asset_text(name: str) -> str:
    """The text of a shipped file."""
    with open(asset_path(name), encoding="utf-8") as file:
        return file.read()


@cache
def asset_json(name: str) -> object:
    """A shipped JSON file, untyped: the caller turns it into values at once and changes nothing in it."""
    return json.loads(asset_text(name))

"""Line shapes: Lark reads each shape of a line once, however many lines have it.

A shape is a line whose constants are replaced by placeholders; the format module cuts the constants out, asks for the
shape's tree and fills them in again. The trees of everyday shapes are kept ready in ``grammars/<name>.shapes.json``
(made from the grammar by ``tests/make_shapes.py``, a test keeps the two equal), so most runs never import Lark.

Invariant: what the grammar refuses raises ``ShapeRefused``; the caller keeps the line as ``Opaque``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Union

from zimlint.assets import asset_json, asset_path, asset_text
from zimlint.source import InternalError

if TYPE_CHECKING:
    from lark import Lark

Node = tuple[Union[str, "Node"], ...]
"""A tree: the name of the grammar's alternative, then its children; a terminal is its text."""

MAX_SHAPE = 20_000
"""Longer shapes are refused: one line with 100,000 options would take Lark four seconds."""


class ShapeRefused(Exception):  # noqa: N818  (it is an answer, not an error)
    """The grammar does not know this shape; ``column`` (from 1) is where it gave up, one past the last at the end."""

    def __init__(self, column: int, expected: tuple[str, ...] = ()) -> None:
        super().__init__(f"column {column}")
        self.column = column
        self.expected = expected


def parse_shape(grammar: str, shape: str) -> Node:
    """The tree of a shape in ``grammars/<grammar>.lark``; ShapeRefused where there is none."""
    known = _known_shapes(grammar)
    tree = known.get(shape)
    if tree is None:
        tree = known[shape] = parse_with_lark(grammar, shape)
    return tree


def known_shape(grammar: str, shape: str) -> Node | None:
    """The tree of a shape that is kept ready or was read before; None where the grammar has to be asked."""
    return _known_shapes(grammar).get(shape)


def parse_with_lark(grammar: str, shape: str) -> Node:
    """The tree of a shape, from the grammar itself."""
    from lark import Token, Tree
    from lark.exceptions import UnexpectedInput

    if len(shape) > MAX_SHAPE:
        raise ShapeRefused(MAX_SHAPE)
    try:
        tree = _parser(grammar).parse(shape)
    except UnexpectedInput as error:
        expected = getattr(error, "expected", None) or getattr(error, "allowed", None) or ()
        at_end = getattr(getattr(error, "token", None), "type", "") == "$END"
        column = len(shape) + 1 if at_end else max(error.column, 1)
        raise ShapeRefused(column, tuple(sorted(map(str, expected)))) from None

    def node(part: object) -> Node:
        if not isinstance(part, Tree):
            raise InternalError(f"unexpected {part!r} in a tree of {grammar}")
        children = (str(child) if isinstance(child, Token) else node(child) for child in part.children)
        return (str(part.data), *children)

    return node(tree)


@cache
def _parser(grammar: str) -> Lark:
    from lark import Lark

    return Lark(
        asset_text(f"grammars/{grammar}.lark"),
        parser="lalr",
        maybe_placeholders=False,
        import_paths=[asset_path("grammars")],
    )


@cache
def _known_shapes(grammar: str) -> dict[str, Node]:
    shapes = asset_json(f"grammars/{grammar}.shapes.json")
    if not isinstance(shapes, dict):
        raise InternalError(f"grammars/{grammar}.shapes.json is not an object")
    return {shape: _tuples(tree) for shape, tree in shapes.items()}


def _tuples(tree: object) -> Node:
    if not isinstance(tree, list):
        raise InternalError("a shape's tree is not a list")
    return tuple(part if isinstance(part, str) else _tuples(part) for part in tree)

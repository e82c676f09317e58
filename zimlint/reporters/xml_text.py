"""An XML document as text, for the formats that are XML.

Invariant: nothing is pasted together: ElementTree writes and escapes.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, indent, tostring


def document(root: Element) -> str:
    """The whole document; it is ASCII, as readers differ in what they take for the encoding."""
    indent(root, " ")
    written: bytes = tostring(root, encoding="us-ascii", xml_declaration=True)
    return written.decode("ascii") + "\n"

"""What each question may be asked with: the ``params`` of a check, as data.

Invariant: a parameter that no question reads, or a value that it does not know, is a ``ConfigError`` with its place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

from zimlint.source import ConfigError

if TYPE_CHECKING:
    from zimlint.yaml_tree import YamlMap, YamlNode, YamlText

PORTS, OR_SSH, CLASSES, SOURCES, SEVERITY, WORDS, WORD, NUMBER = (
    "ports", "ports or ssh", "classes", "sources", "severity", "words", "word", "number",
)  # fmt: skip
"""What a parameter is; a tuple instead lists the words that it may be."""
Kind = str | tuple[str, ...]

INPUTS = (
    "ufw-rules", "iptables-save", "ufw-status", "ipset-save", "ufw-profile", "ufw-settings", "ufw-added",
    "ufw-commands", "iptables-commands", "ansible-tasks",
)  # fmt: skip
"""The formats, by the names that ``--type`` takes."""
SOURCE_WORDS = ("declared", "public", "lan", "admin", "cluster", "clients")
"""Sources that every site has; ``declared`` is all that it names itself."""
_EXPOSURE = ("public", "public-optional", "admin", "cluster", "loopback", "never-public")

PARAMS: Mapping[str, Mapping[str, Kind]] = {
    "exposed": {
        "ports": OR_SSH, "classes": CLASSES, "except": PORTS, "allowed": SOURCES, "nobody": PORTS, "lan": SEVERITY,
        "limited": ("error", "warning", "info"),
    },
    "everything": {"from": ("public", "undeclared")},
    "default": {"chain": ("INPUT", "FORWARD")},
    "family": {"kind": ("mismatch", "unfiltered")},
    "flow": {"kind": ("replies", "icmpv6", "loopback", "icmp")},
    "note": {"kind": ("partial_view", "default_not_shown")},
    "profile": {"kind": ("internal", "lacks")},
    "user_rules": {"kind": ("mismatch", "stale")},
    "chains": {"kind": ("unused", "loop", "targetless")},
    "dead": {"kind": ("deny", "allow", "redundant", "nothing")},
    "rate_limit": {"ports": PORTS, "enough": NUMBER},
    "problem": dict.fromkeys(INPUTS, WORD),
    "setting": {"key": WORD, "is": WORDS, "is_not": WORDS, "read_by": ("command", "boot")},
}  # fmt: skip
"""By question; those that are not here take none."""
_NEEDED = {
    "everything": ("from",), "default": ("chain",), "family": ("kind",), "flow": ("kind",), "note": ("kind",),
    "profile": ("kind",), "user_rules": ("kind",), "chains": ("kind",), "dead": ("kind",), "rate_limit": ("ports",),
    "setting": ("key",),
}  # fmt: skip


_ONE_OF = {"exposed": ("ports", "classes"), "setting": ("is", "is_not")}


class Named(NamedTuple):
    """What checks may name beside words of zimlint's own."""

    ports: Collection[str]
    """The labels of the catalogue."""
    networks: Collection[str] | None = None
    """The names under ``networks`` of the site; None where there is no site file, so that any name may be one."""


def check_params(question: str, node: YamlMap, place: YamlMap, named: Named | None = None) -> None:
    """Refuse what the question does not read; without ``named`` ports and networks are taken as they are."""
    from zimlint.yaml_tree import only_keys

    known = PARAMS.get(question, {})
    if node.entries and not known:
        key, span = next(iter(node.keys.items()))
        raise ConfigError(f"params: the question '{question}' takes none, expected no '{key}'", span)
    only_keys(node, "params", tuple(known))
    for key in _NEEDED.get(question, ()):
        if key not in node.entries:
            raise ConfigError(f"params: the question '{question}' needs the key '{key}'", node.span or place.span)
    either = _ONE_OF.get(question, ())
    if either and not set(either) & node.entries.keys():
        raise ConfigError(f"params: the question '{question}' needs {' or '.join(either)}", node.span or place.span)
    for key, value in node.entries.items():
        _value(key, value, known[key], named)


def _value(key: str, node: YamlNode, kind: Kind, named: Named | None) -> None:
    from zimlint.yaml_tree import choice, number, word

    what = f"params: {key}"
    if not isinstance(kind, str):
        choice(node, what, kind)
    elif kind == SEVERITY:
        choice(node, what, ("error", "warning", "info", "off"))
    elif kind == WORD:
        word(node, what)
    elif kind == NUMBER:
        number(node, what, 1, 1_000_000)
    else:
        _list(node, what, kind, named)


def _list(node: YamlNode, what: str, kind: str, named: Named | None) -> None:
    from zimlint.yaml_tree import YamlList, choice, items

    texts = items(node, what)
    if not texts and kind != SOURCES:  # nobody may come in: allowed: []
        raise ConfigError(f"{what}: expected at least one", node.span)
    if not isinstance(node, YamlList):
        raise ConfigError(f"{what}: expected a list like [a, b], found nothing", node.span)
    for text in texts:
        if kind == CLASSES:
            choice(text, what, _EXPOSURE)
        elif kind == SOURCES:
            _source(text, what, named)
        elif kind in (PORTS, OR_SSH) and named is not None:
            _port(text, what, kind, named)


def _source(text: YamlText, what: str, named: Named | None) -> None:
    from zimlint.yaml_tree import hint

    networks = None if named is None else named.networks
    known = dict.fromkeys((*SOURCE_WORDS, *(networks or ())))
    near = hint(text.text, known)
    if text.text not in known and (near or networks is not None):
        expected = near or f", expected {', '.join(known)} or another name that the site file gives to one"
        raise ConfigError(f"{what}: '{text.text}' is not among networks{expected}", text.span)


def _port(text: YamlText, what: str, kind: str, named: Named) -> None:
    from zimlint.yaml_tree import hint

    if text.text in named.ports or (text.text == "ssh" and kind == OR_SSH):
        return
    near = next((f", did you mean '{label}'?" for label in named.ports if label.partition("/")[0] == text.text), "")
    expected = near or hint(text.text, named.ports) or ", 'zimlint ports' lists them"
    raise ConfigError(f"{what}: '{text.text}' is not in the catalogue{expected}", text.span)

"""Whether iptables 1.8.9 takes the options of a match or target, each with its value and all together.

Invariant: what is not known to be refused is taken; the reader calls a match opaque, never a line wrong, for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from zimlint.formats.option_values import VALUES
from zimlint.formats.tables import Refused
from zimlint.formats.value_kinds import KINDS, Check
from zimlint.formats.values import Unsettled, number
from zimlint.packets import Family


def check_value(module: str, keyword: str, values: Sequence[str], family: Family) -> None:
    """Refused where the value of an option of a match or target is none that iptables takes."""
    kind = VALUES.get(module, {}).get(keyword)
    if kind is None or not values:
        return
    name, _, bounds = kind.partition(" ")
    check = KINDS[name] if name in KINDS else _special(name)
    try:
        check(values[0], bounds, family)
    except Unsettled:
        return
    except ValueError:
        raise Refused(f'{module}: bad value for option "{keyword}", or out of range.') from None


def _special(name: str) -> Check:
    from zimlint.formats.extension_kinds import SPECIAL_KINDS  # few files need them

    return SPECIAL_KINDS[name]


def check_together(module: str, options: Mapping[str, str]) -> None:
    """Refused where the options of one match or target do not go together, each with its value."""
    said = _TOGETHER[module](options) if module in _TOGETHER else None
    if said:
        raise Refused(f"{module}: {said}")


def _nodes(options: Mapping[str, str]) -> str | None:
    total = number(options["--cluster-total-nodes"], 32)
    node, mask = options.get("--cluster-local-node"), options.get("--cluster-local-nodemask")
    if node is not None and number(node, 32) > total:
        return "`--cluster-local-node' must be <= `--cluster-total-nodes'"
    if mask is not None and number(mask, 32) >= 1 << total:
        return "`--cluster-local-nodemask' too big for `--cluster-total-nodes'"
    return None if node or mask else "`--cluster-local-node' or `--cluster-local-nodemask' must be specified"


def _every_and_packet(options: Mapping[str, str]) -> str | None:
    every, packet = options.get("--every"), options.get("--packet")
    if options["--mode"] == "random":
        return None if "--probability" in options else "--probability must be specified when using random mode"
    if every is None or packet is None:
        return "--every and --packet must be specified when using nth mode"
    fits = number(packet, _MOST) < number(every, _MOST)
    return None if fits else "the --packet p must be 0 <= p <= n-1"


def _searched(options: Mapping[str, str]) -> str | None:
    fits = number(options.get("--from", "0"), 65535) <= number(options.get("--to", "65535"), 65535)
    return None if fits else "RULE_APPEND failed (Invalid argument)"


def _routing(options: Mapping[str, str]) -> str | None:
    special = next((option for option in options if option.startswith("--rt-0-")), None)
    if special is not None and number(options.get("--rt-type", "1"), _MOST) != 0:
        return f"`--rt-type 0' required before `{special}'"
    return None


_MOST = 0xFFFFFFFF
_TOGETHER: dict[str, Callable[[Mapping[str, str]], str | None]] = {
    "cluster": _nodes, "statistic": _every_and_packet, "string": _searched, "rt": _routing,
}  # fmt: skip

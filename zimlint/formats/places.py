"""Where a line may stand: the chains and tables that the kernel takes a match or target in.

Invariant: only what the outline of a line says counts, never a value.
"""

from __future__ import annotations

from zimlint.formats.modules import CHAINS_OF, PLACES
from zimlint.formats.outline import Outline
from zimlint.formats.tables import BUILT_IN, NAT_DROPS, Refused

_NO_OUTPUT, _NO_INPUT = ("PREROUTING", "INPUT"), ("OUTPUT", "POSTROUTING")


def check_place(outline: Outline, table: str, chain: str) -> None:
    """Refused where iptables or the kernel would not have such a line in this chain."""
    built_in = chain in BUILT_IN[table]
    for slot in outline.core.slots:
        if slot.name == "out_interface" and built_in and chain in _NO_OUTPUT:
            raise Refused(f"Can't use -o with {chain}")
        if slot.name == "in_interface" and built_in and chain in _NO_INPUT:
            raise Refused(f"Can't use -i with {chain}")
    known = [group.module for group in (*outline.matches, outline.target) if group is not None and group.known]
    if "DROP" in known and table == "nat":
        raise Refused(NAT_DROPS)
    clamps = outline.target is not None and any(slot.keyword == "--clamp-mss-to-pmtu" for slot in outline.target.slots)
    if clamps and built_in and chain in _NO_OUTPUT:
        raise Refused(f"RULE_APPEND failed (Invalid argument): rule in chain {chain}, no path to clamp to there")
    for module in known:
        places = PLACES.get(module)
        chains = places.get(table) if places is not None else CHAINS_OF.get(module, ())
        if chains is None or (built_in and chains and chain not in chains):
            raise Refused(
                f"RULE_APPEND failed (Invalid argument): rule in chain {chain}, {module} not in {table} {chain}"
            )

"""Rulesets and packets that Hypothesis draws: the kernel's verdict is zimlint's, of what was drawn and of its text.

``ZIMLINT_KERNEL_RULESETS`` says how many rulesets; each meets thirty packets.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kernel.namespace import ADDRESSES, Lab
from tests.kernel.test_verdicts import agrees
from tests.kernel.writer import loadable, write, write_sets
from tests.semantics.rulesets import SETS, packets, rulesets
from zimlint.formats.ipset_save import read_ipset_save
from zimlint.formats.iptables_save import read_iptables_save
from zimlint.model import Ruleset
from zimlint.packets import PORT_PROTOCOLS, Family, Packet, parse_address
from zimlint.semantics.replay import replay
from zimlint.source import Source

RULESETS = int(os.environ.get("ZIMLINT_KERNEL_RULESETS", "40"))
PACKETS = 30
_OWN = [parse_address(text)[1] for text in (*ADDRESSES[Family.IPV4], "127.0.0.1")]


def _from_host(packet: Packet, source: int, destination: int) -> Packet:
    return packet._replace(interface="lo", source=source, destination=destination)


own_packets = st.builds(_from_host, packets(), st.sampled_from(_OWN), st.sampled_from(_OWN))
"""What the host sends to itself."""
sent = st.lists(packets() | packets() | packets() | own_packets, min_size=PACKETS, max_size=PACKETS)


@settings(max_examples=RULESETS, deadline=None, suppress_health_check=list(HealthCheck))
@given(rulesets(), sent)
def test_drawn_rulesets(lab: Lab, drawn: Ruleset, given_packets: list[Packet]) -> None:
    ruleset = loadable(drawn)
    text, sets = write(ruleset), write_sets(SETS)
    assert lab.load({Family.IPV4: text}, sets) is None, text
    read = read_iptables_save(Source("rules", text), Family.IPV4)
    assert read.problems == (), text
    read = read._replace(sets={held.name: held for held in read_ipset_save(Source("ipset.save", sets))[0]})
    known = [_with_real_ports(packet) for packet in given_packets]
    for packet, verdict in zip(known, lab.verdicts(known), strict=True):
        ours = replay(read, packet)
        assert ours.verdict in (verdict, "depends"), (text, packet, verdict, ours.path)
        assert ours.verdict == replay(ruleset, packet).verdict, (text, packet)
        if packet.interface != "lo":
            agrees(read, packet, verdict)


def _with_real_ports(packet: Packet) -> Packet:
    """GRE has none."""
    known = packet.protocol in PORT_PROTOCOLS or packet.protocol == 1
    return packet if known else packet._replace(source_port=0, destination_port=0)

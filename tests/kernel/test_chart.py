"""The map's cells against the kernel: the packet of each part is really sent, and gets what the cell says."""

from __future__ import annotations

import pytest

from tests.kernel.namespace import ADDRESSES, Lab
from zimlint.checks import load_checks
from zimlint.engine import Job
from zimlint.exposure import LOOPBACK_SOURCE, Part
from zimlint.formats.iptables_save import read_iptables_save
from zimlint.host import Host
from zimlint.packets import Family, Packet, network, parse_address
from zimlint.source import Source
from zimlint.survey import survey
from zimlint.zimbra.catalogue import load_catalogue
from zimlint.zimbra.site import Site

FILTER = ":INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n-A INPUT -i lo -j ACCEPT\n"
RULESETS = {
    "some addresses": "-A INPUT -s 203.0.113.0/28 -p tcp --dport 993 -j ACCEPT\n-A INPUT -p tcp --dport 25 -j ACCEPT\n",
    "all but some": "-A INPUT -s 203.0.113.0/24 -j DROP\n-A INPUT -p tcp -m multiport --dports 25,443,7071 -j ACCEPT\n",
    "a chain for administrators": ":ADMIN -\n-A INPUT -s 198.51.100.0/28 -j ADMIN\n"
    "-A ADMIN -p tcp --dport 22 -j RETURN\n-A ADMIN -p tcp -m multiport --dports 22,7071 -j ACCEPT\n"
    "-A INPUT -p tcp --dport 22 -j REJECT\n-A INPUT -p udp --dport 514 -j ACCEPT\n",
    "one interface": "-A INPUT -i eth0 -p tcp --dport 443 -j ACCEPT\n-A INPUT -i eth0 -s 10.0.0.0/8 -j ACCEPT\n",
    "a trusted source port": "-A INPUT -p udp --sport 53 -j ACCEPT\n-A INPUT -p tcp --dport 25 -j ACCEPT\n",
}
NAT = "*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp --dport 8025 -j REDIRECT --to-ports 7071\nCOMMIT\n"
SITE = Site.default()._replace(
    networks={**Site.default().networks, "admin": {Family.IPV4: network("198.51.100.0/28")[1]}}
)


@pytest.mark.parametrize("name", RULESETS)
@pytest.mark.parametrize("nat", ["", NAT], ids=["plain", "redirect"])
def test_each_part_gets_what_the_cell_says(lab: Lab, name: str, nat: str) -> None:
    text = f"{nat}*filter\n{FILTER}{RULESETS[name]}COMMIT\n"
    assert lab.load({Family.IPV4: text}, "") is None
    ruleset = read_iptables_save(Source("rules", text), Family.IPV4)
    host = Host("h", rulesets=(ruleset,), sources=(ruleset.source,))
    found = survey(Job(host, SITE), load_catalogue(), load_checks(), all_ports=True)
    cells = [cell for row in found.rows for cell in row.cells] + [one.cell for one in found.ranges]
    parts = [part for cell in cells if cell.source != LOOPBACK_SOURCE for part in cell.parts]
    sent = list({_to_here(part): part for part in parts}.items())
    assert {part.verdict for _, part in sent} >= {"open", "closed"}
    for (packet, part), verdict in zip(sent, lab.verdicts([packet for packet, _ in sent]), strict=True):
        assert (verdict == "accept") == (part.verdict == "open"), (packet, part)


def _to_here(part: Part) -> Packet:
    """The packet of a part, to the host's own address."""
    assert part.packet.destination is None
    return part.packet._replace(destination=parse_address(ADDRESSES[Family.IPV4][0])[1])

"""One firewall in five views, the tree, the dump and the three forms of ``ufw status``, and what the kernel does.

The real ufw is run; what it loaded is loaded again into the host of the laboratory, and packets at and beside every
constant are really sent. Tree and dump say what the kernel does; a status says it, or differs for a reason that is
named here, which is what the check ``partial-view`` tells the user.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.figures import count
from tests.kernel import ufw_sandbox
from tests.kernel.namespace import ADDRESSES, Lab
from tests.kernel.test_ufw_tree import CASES, ENABLE, PROFILE, Case, assembled
from tests.kernel.ufw_sandbox import Outcome, run_ufw
from zimlint.formats.iptables_save import read_iptables_save
from zimlint.formats.ufw_profile import read_ufw_profiles
from zimlint.formats.ufw_status import read_ufw_status
from zimlint.model import DstPorts, Ruleset, SrcAddress, SrcPorts
from zimlint.packets import ICMP, ICMPV6, TCP, UDP, Family, Packet, parse_address
from zimlint.semantics.hooks import UNICAST
from zimlint.semantics.replay import Word, replay
from zimlint.source import Source

_MISSING = ufw_sandbox.missing()
pytestmark = pytest.mark.skipif(_MISSING is not None, reason=f"real ufw: {_MISSING}")

MORE = {
    "insert app": Case(["ufw allow 25/tcp", "ufw insert 1 deny from 203.0.113.9 to any app 'Zimbra Mail'", ENABLE],
                       {"ufw/applications.d/zimbra": PROFILE}),
    "delete by number": Case([ENABLE, "ufw allow 25/tcp", "ufw allow 80/tcp", "ufw --force delete 1",
                              "ufw deny 25/udp"]),
    "reject all": Case([ENABLE, "ufw reject 113/tcp", "ufw reject from 203.0.113.0/24", "ufw allow 25/tcp"]),
    "reset": Case([ENABLE, "ufw allow 25/tcp", "ufw --force reset", "ufw allow 22/tcp", ENABLE]),
    "app default": Case(["ufw app default allow", "ufw app update --add-new 'Zimbra Mail'", ENABLE],
                        {"ufw/applications.d/zimbra": PROFILE}),
    "app update": Case([ENABLE, "ufw allow 'Zimbra Mail'", "sed -i 's/25,465/26,466/; s/|1024//' "
                        "/etc/ufw/applications.d/zimbra", "ufw app update 'Zimbra Mail'"],
                       {"ufw/applications.d/zimbra": PROFILE}),
    "app update of both protocols": Case([ENABLE, "ufw allow 'Zimbra Mail'", "ufw app update 'Zimbra Mail'"],
                                         {"ufw/applications.d/zimbra": PROFILE}),
    "deny before allow": Case([ENABLE, "ufw deny from 203.0.113.0/25 to any port 25", "ufw allow 25"]),
    "own address": Case([ENABLE, "ufw allow to 203.0.113.1 port 25 proto tcp", "ufw deny in on eth1 from 10.0.0.0/8"]),
}  # fmt: skip
"""Sequences beside those of which the assembled tree is compared line by line."""
_ALL = CASES | MORE

_UNASKED = {
    ICMP: "before.rules lets some of it in: no row shows it",
    ICMPV6: "before6.rules lets some of it in: no row shows it, it is read as if all came in",
}
"""Protocols of which a status is not asked, and why."""
_EDITED = "before.rules or after.rules was edited: no row shows it"
_SHOWN = "the default of plain and numbered status is not shown: the stock one is taken"
PARTIAL: Mapping[str, str] = {
    "custom before": _EDITED,
    "custom after": _EDITED,
    "several blocks": _EDITED,
    "app update of both protocols": "ufw 0.36.2 then loads a line that accepts everything for a part without protocol",
    "default allow": _SHOWN,
    "default reject": _SHOWN,
    "lower case policy": "the kernel has another default than the file that status shows",
}
"""Sequences whose status shows less than there is, and why: some packet gets another verdict; in no other any does."""
VIEWS = ("", "verbose", "numbered")


class Seen(NamedTuple):
    """What one view says, by family; a family of which it says nothing is not there."""

    name: str
    rulesets: Mapping[Family, Ruleset]


@pytest.fixture(scope="module")
def outcomes() -> dict[str, tuple[Path, Outcome]]:
    """The sequences that were run, for the second variant of iptables."""
    return {}


@pytest.mark.parametrize("name", _ALL)
def test_every_view_says_what_the_kernel_does(
    lab: Lab, outcomes: dict[str, tuple[Path, Outcome]], name: str, tmp_path: Path
) -> None:
    case = _ALL[name]
    if name not in outcomes:
        shown = [f"ufw status {view} > '{tmp_path}/{view or 'plain'}.txt' || true" for view in VIEWS]
        outcomes[name] = tmp_path, run_ufw(tmp_path, [*case.commands, *shown], case.edits)
        count("ufw sequences")
    folder, outcome = outcomes[name]
    dumps = outcome.running if case.running else outcome.booted
    tree = assembled(outcome.etc)
    dump = {family: read_iptables_save(Source(family.value, text), family) for family, text in dumps.items()}
    profiles = outcome.etc / "ufw" / "applications.d" / "zimbra"
    statuses = [_status(folder / f"{view or 'plain'}.txt", profiles) for view in VIEWS]
    assert lab.load(dumps) is None
    differences: list[str] = []
    for family in Family:
        packets = list(dict.fromkeys(_probes(tree[family] if family in tree else dump[family])))
        verdicts = lab.verdicts(packets)
        count("packets of ufw sequences", len(packets))
        for view in (Seen("tree", tree), Seen("dump", dump)):
            found = [_clash(view, packet, verdict) for packet, verdict in zip(packets, verdicts, strict=True)]
            assert not any(found), (name, next(filter(None, found)))
        for view in statuses:
            found = [_clash(view, packet, verdict) for packet, verdict in zip(packets, verdicts, strict=True)]
            differences += filter(None, found)
    assert bool(differences) is (name in PARTIAL), (name, differences[:1])


def _clash(view: Seen, packet: Packet, verdict: str) -> str | None:
    """What a view says other than the kernel; nothing where it does not speak of such packets."""
    ruleset = view.rulesets.get(packet.family)
    if ruleset is None or (view.name not in ("tree", "dump") and packet.protocol in _UNASKED):
        return None
    ours: Word = replay(ruleset, packet).verdict
    return None if ours in (verdict, "depends") else f"{view.name}: {packet}: {ours}, the kernel: {verdict}"


def _status(path: Path, profiles: Path) -> Seen:
    known = read_ufw_profiles(Source("zimbra", profiles.read_text()))[0] if profiles.exists() else ()
    source = Source(path.name, path.read_text())
    _, rulesets, _ = read_ufw_status(source, {profile.name: profile for profile in known})
    return Seen(path.name, {ruleset.family: ruleset for ruleset in rulesets})


def _probes(ruleset: Ruleset) -> Iterator[Packet]:
    """Packets to the host at and beside every address and port that a line of the filter table names."""
    family = ruleset.family
    sources, ports, froms = set(_stock_sources(family)), {9999}, {40000}
    for chain in ruleset.tables.get("filter", {}).values():
        for condition in (one for rule in chain.rules for one in rule.conditions):
            match condition:
                case SrcAddress(found):
                    sources |= {at for low, high in found.ranges for at in (low - 1, low, high, high + 1)}
                case DstPorts(found):
                    ports |= {at for low, high in found.ranges for at in (low - 1, low, high, high + 1)}
                case SrcPorts(found):
                    froms |= {at for low, high in found.ranges for at in (low, high)}
                case _:
                    pass
    own = [parse_address(text)[1] for text in ADDRESSES[family]]
    echo = (ICMP, 8 << 8) if family is Family.IPV4 else (ICMPV6, 128 << 8)
    senders = sorted(at for at in sources if at in UNICAST[family] and at not in own)
    doors = sorted(port for port in ports if 0 < port <= 65535)
    for place, source in enumerate(senders):
        for port in doors if place < 2 else _some(doors, place):
            for protocol in (TCP, UDP):
                yield Packet(family, protocol, source, 40000, own[place % 2], port, "eth0" if port % 3 else "eth1")
        for sport in froms if place < 2 else ():
            yield Packet(family, UDP, source, sport, own[0], 9999, "eth0")
        yield Packet(family, echo[0], source, 1, own[0], echo[1], "eth0")


def _some(doors: Sequence[int], place: int) -> Sequence[int]:
    return doors[place % 3 :: 3]


def _stock_sources(family: Family) -> list[int]:
    outsiders = ("198.51.100.77", "203.0.113.9") if family is Family.IPV4 else ("2001:db8:77::1", "2001:db8::9")
    return [parse_address(text)[1] for text in outsiders]

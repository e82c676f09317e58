"""A host of its own in a network namespace, ruled by the real iptables, and a peer that sends it any packet.

The peer is a second namespace at the other end of every interface; it writes frames with ``AF_PACKET``, so a source
may be anything. What becomes of a packet is seen by a native nft table (``watch``) whose chains stand before the first
and after the last one that iptables can have, and which never asks for connection tracking: the rules under test and
what they switch on are left as they are.

Invariant: no packet leaves the two namespaces; what the host itself would send is recorded and dropped.
Invariant: packets of one flow never meet: tracked connections are forgotten between waves of distinct flows.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Literal

from tests.kernel.frames import ACK, HOST_HARDWARE, PEER_HARDWARE, SYN, TTL, answer, datagram, ethernet
from tests.semantics.nearby import INTERFACES, OWN
from zimlint.packets import ICMP, ICMPV6, TCP, UDP, Family, Packet, format_address
from zimlint.semantics.hooks import LOOPBACK, MULTICAST

ADDRESSES = OWN
Variant = Literal["nft", "legacy"]
Opener = Literal["peer", "host"]

_TABLES = ("raw", "mangle", "nat", "filter", "security")
_WATCH = f"""
table inet watch {{
  set sent {{ type inet_service; size 65535; flags dynamic; }}
  set accepted {{ type inet_service; size 65535; flags dynamic; }}
  set forwarded {{ type inet_service; size 65535; flags dynamic; }}
  set refused {{ type inet_service; size 65535; flags dynamic; }}
  chain arriving {{
    type filter hook prerouting priority -450;
    meta nfproto ipv4 add @sent {{ @nh,32,16 }}
    meta nfproto ipv6 add @sent {{ @nh,16,16 }}
  }}
  chain leaving {{
    type filter hook output priority -450;
    ip ttl {TTL} accept
    ip6 hoplimit {TTL} accept
    meta l4proto icmp icmp type destination-unreachable add @refused {{ @th,96,16 }}
    meta l4proto icmpv6 icmpv6 type destination-unreachable add @refused {{ @th,80,16 }}
    meta l4proto tcp tcp flags & (rst|ack) == rst|ack add @refused {{ @th,80,16 }}
    meta l4proto tcp tcp flags & (rst|ack) == rst add @refused {{ @th,48,16 }}
    drop
  }}
  chain arrived {{
    type filter hook input priority 350;
    meta nfproto ipv4 add @accepted {{ @nh,32,16 }}
    meta nfproto ipv6 add @accepted {{ @nh,16,16 }}
  }}
  chain gone {{
    type filter hook postrouting priority 350; oifname "lo" accept
    meta nfproto ipv4 add @forwarded {{ @nh,32,16 }}
    meta nfproto ipv6 add @forwarded {{ @nh,16,16 }}
  }}
}}
"""
_SYSCTLS = (
    "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.conf.all.rp_filter=0",
    *(f"net.ipv4.conf.{name}.rp_filter=0" for name in INTERFACES), "net.ipv4.conf.all.route_localnet=0",
    "net.ipv4.conf.all.send_redirects=0", *(f"net.ipv4.conf.{name}.send_redirects=0" for name in INTERFACES),
    "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0",
    "net.ipv4.icmp_ratemask=0", "net.ipv6.icmp.ratemask=200",  # neither is the limit over all asked about errors
)  # fmt: skip
_OPTIONAL_SYSCTLS = ("net.ipv4.icmp_msgs_per_sec=1000000", "net.netfilter.nf_conntrack_tcp_be_liberal=1")
_TRACKING = "*filter\n-A INPUT -m state --state NEW\nCOMMIT\n"
"""Rules that accept everything and make the kernel track connections."""
_CLONE_NEWNET = 0x40000000
_numbers = count()


def tool(variant: Variant, family: Family) -> str:
    """The name of the restore program."""
    return f"{'iptables' if family is Family.IPV4 else 'ip6tables'}-{variant}-restore"


def missing() -> str | None:
    """One line on why the kernel cannot be asked here, None if it can."""
    if os.geteuid() != 0:
        return "needs root to make namespaces"
    wanted = ["ip", "nft", "ipset", "sysctl", tool("nft", Family.IPV4), tool("nft", Family.IPV6)]
    absent = [name for name in wanted if shutil.which(name) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    try:
        with laboratory() as host:
            problem = host.load(dict.fromkeys(Family, _TRACKING))
    except (subprocess.CalledProcessError, OSError) as error:
        output = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
        return f"no namespaces here: {str(output or error).strip()}"
    return None if problem is None else f"rules cannot be loaded here: {problem}"


def works(variant: Variant) -> bool:
    """Whether rules can be loaded with that variant."""
    if any(shutil.which(tool(variant, family)) is None for family in Family):
        return False
    with laboratory(variant) as host:
        return host.load(dict.fromkeys(Family, _TRACKING)) is None


@contextmanager
def laboratory(variant: Variant = "nft") -> Iterator[Lab]:
    """A host and its peer, gone afterwards."""
    stem = f"zimlint-{os.getpid()}-{next(_numbers)}"
    host, peer = f"{stem}-host", f"{stem}-peer"
    sockets: list[socket.socket] = []
    try:
        _build(host, peer)
        with _inside(peer):
            ports = {name: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) for name in INTERFACES}
            sockets += ports.values()
            for name, port in ports.items():
                port.bind((f"p-{name}", 0))
        with _inside(host):
            own = {
                Family.IPV4: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
                Family.IPV6: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW),
            }
            netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)  # NETLINK_NETFILTER
            sockets += [*own.values(), netlink]
        yield Lab(host, variant, ports, own, netlink)
    finally:
        for opened in sockets:
            opened.close()
        for name in (host, peer):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@dataclass(slots=True)
class Lab:
    """Guards the numbers: a packet's number is its own until the observations are read."""

    name: str
    variant: Variant
    ports: Mapping[str, socket.socket]
    own: Mapping[Family, socket.socket]
    netlink: socket.socket
    sent: int = field(default=0)
    """How many packets were judged, over all."""
    refusal: str = field(default="")
    """What the tool said of the last rules that it did not take."""
    seconds: float = field(default=0.0)
    """How long ``judge`` took to send packets and to observe what became of them."""

    def load(self, rules: Mapping[Family, str], sets: str = "") -> str | None:
        """Put these rules and sets in place of all earlier ones; what the tool says if it refuses them."""
        self._clear()
        if sets:
            loaded = self._run(["ipset", "restore"], sets)
            if loaded.returncode:
                return loaded.stderr.strip()
        for family, text in rules.items():
            loaded = self._run([tool(self.variant, family)], text)
            if loaded.returncode:
                return loaded.stderr.strip()
        self._forget()
        return None

    def saved(self, family: Family) -> str:
        """The rules as the tool saves them, each line with the packets that it has counted."""
        listed = self._run([tool(self.variant, family).replace("restore", "save"), "-c"])
        assert listed.returncode == 0, listed.stderr
        return listed.stdout

    def verdicts(self, packets: Sequence[Packet]) -> list[str]:
        """What becomes of each packet, as the first of its flow: accept, drop or reject."""
        found = self._ask(packets)
        for place, packet in enumerate(packets):
            if packet.source in MULTICAST[packet.family] | LOOPBACK[packet.family] and found[place] == "lost":
                found[place] = "drop"  # IPv6 refuses it before any hook (net/ipv6/ip6_input.c)
        lost = [place for place, verdict in enumerate(found) if verdict == "lost"]
        for place in lost:
            found[place] = self._ask([packets[place]])[0]
        assert "lost" not in found, f"never reached the host: {packets[found.index('lost')]}"
        return found

    def judge(
        self, family: Family, rules: str, sets: str, first: Sequence[Packet], later: Sequence[tuple[Packet, Opener]]
    ) -> tuple[list[str], list[str]] | None:
        """What becomes of packets that open a flow, and of packets of flows that were open before the rules came.

        None where the tool refuses the rules. The flows of the later ones must be distinct.
        """
        problem = self.load({family: _TRACKING}, sets)
        assert problem is None, problem
        for packet, opener in later:
            self._open(packet, opener)
        self._run(["nft", "-f", "-"], _FORGET_OBSERVED)
        loaded = self._run([tool(self.variant, family)], rules)
        if loaded.returncode:
            self.refusal = loaded.stderr.strip()
            return None
        started = monotonic()
        for number, (packet, _) in enumerate(later, 1):
            self._send(datagram(packet, number, ACK), packet)
        after: list[str] = []
        if later:
            observed = self._observations()
            after = [_verdict(number, packet, observed) for number, (packet, _) in enumerate(later, 1)]
            assert "lost" not in after, f"never reached the host: {later[after.index('lost')]}"
        self.sent += len(later)
        found = self.verdicts(first)
        self.seconds += monotonic() - started
        return found, after

    def _open(self, packet: Packet, opener: Opener) -> None:
        """The first packets of a flow."""
        there, back = packet, answer(packet)
        if opener == "peer":
            self._from_peer(datagram(there, 1, SYN), there)
            self._from_host(datagram(back, 2, SYN | ACK), back)
        else:
            self._from_host(datagram(back, 1, SYN), back)
            self._from_peer(datagram(there, 2, SYN | ACK), there)
            self._from_host(datagram(back, 3, ACK), back)

    def follow_up(self, packet: Packet, opener: Opener, then: Mapping[Family, str]) -> str:
        """What becomes of a packet of a connection that was open when the rules ``then`` were loaded."""
        self.load({packet.family: _TRACKING})
        self._open(packet, opener)
        self._replace_rules(then)
        return self._judge(packet, datagram(packet, 10, ACK))

    def error_about(self, packet: Packet, opening: Packet, then: Mapping[Family, str]) -> str:
        """What becomes of an ICMP error about a packet that the host had sent."""
        self.load({packet.family: _TRACKING})
        about = datagram(opening, 1)
        self._from_host(about, opening)
        self._replace_rules(then)
        return self._judge(packet, datagram(packet, 10, error_of=about))

    def _ask(self, packets: Sequence[Packet]) -> list[str]:
        found: list[str] = [""] * len(packets)
        for wave in _waves(packets):
            chosen = [packets[place] for place in wave]
            self._forget()
            octets = [datagram(packet, place + 1) for place, packet in zip(wave, chosen, strict=True)]
            for packet, content in zip(chosen, octets, strict=True):
                self._send(content, packet)
        observed = self._observations()
        for place, packet in enumerate(packets):
            found[place] = _verdict(place + 1, packet, observed)
        self.sent += len(packets)
        return found

    def _replace_rules(self, rules: Mapping[Family, str]) -> None:
        """Load rules over the others; what is tracked stays."""
        for family, text in rules.items():
            loaded = self._run([tool(self.variant, family)], text)
            assert loaded.returncode == 0, loaded.stderr

    def _judge(self, packet: Packet, content: bytes) -> str:
        """What becomes of one datagram with the number 10, when others were sent before."""
        self._run(["nft", "-f", "-"], _FORGET_OBSERVED)
        self._send(content, packet)
        self.sent += 1
        return _verdict(10, packet, self._observations())

    def _send(self, content: bytes, packet: Packet) -> None:
        if packet.interface == "lo":
            self._from_host(content, packet)
        else:
            self._from_peer(content, packet)

    def _from_peer(self, content: bytes, packet: Packet) -> None:
        assert packet.destination is not None
        self.ports[packet.interface].send(ethernet(packet.family, packet.destination) + content)

    def _from_host(self, content: bytes, packet: Packet) -> None:
        assert packet.destination is not None
        with suppress(OSError):  # refused by an OUTPUT chain (EPERM), or sent by NAT where it cannot go (EINVAL)
            self.own[packet.family].sendto(content, (format_address(packet.family, packet.destination), 0))

    def _observations(self) -> dict[str, set[int]]:
        """The numbers in each set of the watch table, which is emptied."""
        listed = self._run(["nft", "-j", "list", "table", "inet", "watch"])
        assert listed.returncode == 0, listed.stderr
        found: dict[str, set[int]] = {}
        for entry in json.loads(listed.stdout)["nftables"]:
            if "set" in entry:
                found[entry["set"]["name"]] = set(entry["set"].get("elem", ()))
        self._run(["nft", "-f", "-"], _FORGET_OBSERVED)
        return found

    def _forget(self) -> None:
        """Drop every tracked connection (``conntrack -F``): IPCTNL_MSG_CT_DELETE of everything."""
        self.netlink.send(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 1 | 4, 1, 0, 0, 0, 0))
        reply = self.netlink.recv(4096)
        assert struct.unpack_from("=i", reply, 16)[0] == 0, "connections cannot be forgotten"

    def _clear(self) -> None:
        if self.variant == "nft":
            lines = [f"table {ip} {name}\ndelete table {ip} {name}" for ip in ("ip", "ip6") for name in _TABLES]
            self._run(["nft", "-f", "-"], "\n".join(lines) + "\n")
        else:
            empty = "".join(f"*{name}\n{_DEFAULTS[name]}COMMIT\n" for name in _TABLES)
            for family in Family:
                self._run([tool(self.variant, family)], empty)
        self._run(["ipset", "restore"], "flush\ndestroy\n")  # a list of sets holds them until it is empty

    def _run(self, command: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
        with _inside(self.name):  # a new process is in the network of the thread that starts it
            return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


_FORGET_OBSERVED = "".join(f"flush set inet watch {name}\n" for name in ("sent", "accepted", "forwarded", "refused"))
_CHAINS = {
    "raw": ("PREROUTING", "OUTPUT"), "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"), "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}  # fmt: skip
_DEFAULTS = {table: "".join(f":{chain} ACCEPT\n" for chain in chains) for table, chains in _CHAINS.items()}


def _verdict(number: int, packet: Packet, observed: Mapping[str, set[int]]) -> str:
    if packet.interface != "lo" and number not in observed["sent"]:
        return "lost"
    if number in observed["accepted"] | observed["forwarded"]:
        return "accept"
    return "reject" if number in observed["refused"] else "drop"


def _waves(packets: Sequence[Packet]) -> Iterable[list[int]]:
    """The packets in groups in which no two have a flow's sender in common, whatever NAT makes of the receiver.

    Of what the host sends itself the receiver may be the sender of another: that would be an answer.
    """
    waves: list[tuple[set[tuple[int, int, int]], list[int]]] = []
    for place, packet in enumerate(packets):
        has_ports = packet.protocol in (TCP, UDP, ICMP, ICMPV6)
        ends = {(packet.protocol, packet.source, packet.source_port if has_ports else 0)}
        if packet.interface == "lo":
            port = packet.destination_port if packet.protocol in (TCP, UDP) else packet.source_port if has_ports else 0
            ends.add((packet.protocol, packet.destination or 0, port))
        for met, wave in waves:
            if ends.isdisjoint(met):
                met |= ends
                wave.append(place)
                break
        else:
            waves.append((ends, [place]))
    return [wave for _, wave in waves]


@contextmanager
def _inside(name: str) -> Iterator[None]:
    """This thread in another network namespace: a socket stays in the one where it was made (man setns)."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{name}") as there:
        if libc.setns(there.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {name}")
        try:
            yield
        finally:
            libc.setns(home.fileno(), _CLONE_NEWNET)


def _build(host: str, peer: str) -> None:
    def run(*command: str, text: str = "") -> None:
        subprocess.run(command, input=text, capture_output=True, text=True, check=True)

    host_mac, peer_mac = HOST_HARDWARE.hex(":"), PEER_HARDWARE.hex(":")
    run("ip", "netns", "add", host)
    run("ip", "netns", "add", peer)
    run("ip", "netns", "exec", peer, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
        "net.ipv6.conf.default.disable_ipv6=1")  # fmt: skip
    run("ip", "netns", "exec", host, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0",
        "net.ipv6.conf.default.router_solicitations=0")  # fmt: skip
    lines = ["link set lo up"]
    for place, name in enumerate(INTERFACES):
        lines += [
            f"link add {name} address {host_mac} type veth peer name p-{name} address {peer_mac} netns {peer}",
            f"link set {name} up",
            f"addr add 198.18.{place}.1/32 dev {name}",
            f"addr add fd00:{place + 1:x}::1/128 dev {name} nodad",
            f"neigh add 198.18.{place}.254 lladdr {peer_mac} dev {name} nud permanent",
            f"neigh add fe80::ffff lladdr {peer_mac} dev {name} nud permanent",
        ]
    for family, addresses in ADDRESSES.items():
        for address in addresses:
            lines.append(f"addr add {address}/{family.bits} dev eth0" + " nodad" * (family is Family.IPV6))
    lines += [
        "route add default via 198.18.0.254 dev eth0 onlink",
        "route add 172.17.0.0/16 via 198.18.4.254 dev docker0 onlink",
        "route add default via fe80::ffff dev eth0",
        "route add fd00:172::/32 via fe80::ffff dev docker0",
    ]
    run("ip", "-n", host, "-batch", "-", text="\n".join(lines) + "\n")
    run("ip", "-n", peer, "-batch", "-", text="".join(f"link set p-{name} up\n" for name in INTERFACES))
    run("ip", "netns", "exec", host, "sysctl", "-qw", *_SYSCTLS)
    for setting in _OPTIONAL_SYSCTLS:
        subprocess.run(["ip", "netns", "exec", host, "sysctl", "-qw", setting], capture_output=True, check=False)
    run("ip", "netns", "exec", host, "nft", "-f", "-", text=_WATCH)

"""A ``Packet`` as the bytes on the wire, with a number in its header by which it is known again.

The number is the identification of an IPv4 header, the low half of the flow label of an IPv6 header, and is in the
sequence numbers of a TCP header so that a reset names it too. ``TTL`` tells our packets from those of the kernel.

Invariant: checksums are right, since connection tracking calls a packet with a wrong one INVALID.
"""

from __future__ import annotations

import struct

from zimlint.packets import ICMP, ICMPV6, UDP, Family, Packet

TTL = 77
FIN, SYN, RST, ACK = 1, 2, 4, 16
FIRST_FLAGS = {"NEW": SYN, "UNTRACKED": SYN, "ESTABLISHED": ACK, "INVALID": SYN | ACK}
"""TCP flags with which a packet is in that state; INVALID is one whose flow is unknown (nf_conntrack_proto_tcp.c)."""

_ECHO_REPLY = {ICMP: (8, 0), ICMPV6: (128, 129)}


def datagram(packet: Packet, number: int, flags: int | None = None, error_of: bytes = b"") -> bytes:
    """The packet from its network header on; ``error_of`` is the datagram that an ICMP error is about."""
    assert packet.destination is not None
    size = packet.family.bits // 8
    source, destination = packet.source.to_bytes(size, "big"), packet.destination.to_bytes(size, "big")
    if flags is None:
        flags = FIRST_FLAGS.get(packet.state, SYN)
    body = _body(packet, number, flags, source + destination, error_of)
    if packet.family is Family.IPV6:
        return struct.pack("!IHBB", 6 << 28 | number, len(body), packet.protocol, TTL) + source + destination + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), number, 0, TTL, packet.protocol, 0) + source + destination
    return head[:10] + _checksum(head) + head[12:] + body


def ethernet(family: Family, destination: int) -> bytes:
    """The Ethernet header of a datagram: a group address goes to the group's own hardware address (RFC 1112, 2464)."""
    kind = b"\x86\xdd" if family is Family.IPV6 else b"\x08\x00"
    if family is Family.IPV6 and destination >> 120 == 0xFF:
        to = b"\x33\x33" + (destination & 0xFFFFFFFF).to_bytes(4, "big")
    elif family is Family.IPV4 and destination >> 28 == 0xE:
        to = b"\x01\x00\x5e" + (destination & 0x7FFFFF).to_bytes(3, "big")
    elif family is Family.IPV4 and destination == 0xFFFFFFFF:
        to = b"\xff" * 6
    else:
        to = HOST_HARDWARE
    return to + PEER_HARDWARE + kind


HOST_HARDWARE, PEER_HARDWARE = b"\x02\x00\x00\x00\x00\x01", b"\x02\x00\x00\x00\x00\x02"


def answer(packet: Packet) -> Packet:
    """The header of the packet that answers this one."""
    assert packet.destination is not None
    turned = packet._replace(source=packet.destination, destination=packet.source)
    if packet.protocol in _ECHO_REPLY:
        request, reply = _ECHO_REPLY[packet.protocol]
        kind = packet.destination_port >> 8
        return turned._replace(destination_port={request: reply, reply: request}.get(kind, kind) << 8)
    return turned._replace(source_port=packet.destination_port, destination_port=packet.source_port)


def _body(packet: Packet, number: int, flags: int, ends: bytes, error_of: bytes) -> bytes:
    ports = struct.pack("!HH", packet.source_port, packet.destination_port)
    match packet.protocol:
        case 6:
            body = ports + struct.pack("!IIBBHHH", (number - 1) % (1 << 32), number, 0x50, flags, 64240, 0, 0)
            place = 16
        case 17:
            body, place = ports + struct.pack("!HH", 12, 0) + b"ask?", 6
        case 1 | 58 if error_of:
            body, place = struct.pack("!HHI", packet.destination_port, 0, 0) + error_of, 2
        case 58 if packet.destination_port >> 8 in (133, 134, 135, 136):
            body, place = struct.pack("!HHI", packet.destination_port, 0, 0) + ends[-16:], 2
        case 1 | 58:
            # the identifier stands where a flow has its source port (nf_conntrack_proto_icmp.c)
            body, place = struct.pack("!HHHH", packet.destination_port, 0, packet.source_port, 1), 2
        case _:
            return b"\x00\x00\x08\x00" + bytes(20)  # GRE of version 0; shorter than 8 octets, NAT drops it
    pseudo = ends + struct.pack("!II", len(body), packet.protocol) if packet.protocol != ICMP else b""
    return body[:place] + _checksum(pseudo + body) + body[place + 2 :]


def _checksum(octets: bytes) -> bytes:
    """RFC 1071."""
    padded = octets + b"\x00" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF or 0xFFFF)


assert UDP == 17

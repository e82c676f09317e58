"""The matches and targets of iptables 1.8.9: which there are, what they need, who owns which option.

The tables were read from the option tables of the real extensions (``struct xt_option_entry`` in the installed
libxtables) and from what the kernel lets in which chain.
Invariant: data only.
"""

from __future__ import annotations

from typing import NamedTuple

from zimlint.packets import Family

_BOTH = frozenset(Family)
_V4, _V6 = frozenset({Family.IPV4}), frozenset({Family.IPV6})


class Extension(NamedTuple):
    """A match or a target: ``needs`` are options that must be there, ``one_of`` is said if none of ``any_of`` is."""

    needs: tuple[str, ...] = ()
    one_of: str = ""
    any_of: tuple[str, ...] = ()
    """Empty: any option will do."""
    families: frozenset[Family] = _BOTH


RATES = ("--hashlimit", "--hashlimit-upto", "--hashlimit-above")
RECENT_TESTS = ("--set", "--rcheck", "--update", "--remove")

MATCHES: dict[str, Extension] = {
    "addrtype": Extension(one_of="addrtype: you must specify --src-type or --dst-type"),
    "ah": Extension(),
    "bpf": Extension(one_of="bpf: At least one option is required"),
    "cgroup": Extension(one_of="xt_cgroup: either --path or --cgroup must be specified"),
    "cluster": Extension(needs=("--cluster-total-nodes", "--cluster-hash-seed")),
    "comment": Extension(needs=("--comment",)),
    "connbytes": Extension(needs=("--connbytes", "--connbytes-dir", "--connbytes-mode")),
    "connlabel": Extension(needs=("--label",)),
    "connlimit": Extension(one_of="You must specify either --connlimit-above or --connlimit-upto."),
    "connmark": Extension(needs=("--mark",)),
    "conntrack": Extension(one_of="conntrack: At least one option is required"),
    "cpu": Extension(needs=("--cpu",)),
    "dccp": Extension(),
    "devgroup": Extension(one_of="devgroup match: You must specify either '--src-group' or '--dst-group'"),
    "dscp": Extension(one_of="DSCP match: Parameter --dscp is required"),
    "dst": Extension(families=_V6),
    "ecn": Extension(one_of="ECN match: some option required"),
    "esp": Extension(),
    "eui64": Extension(families=_V6),
    "frag": Extension(families=_V6),
    "hashlimit": Extension(needs=("--hashlimit-name",), one_of="You have to specify --hashlimit", any_of=RATES),
    "hbh": Extension(families=_V6),
    "helper": Extension(needs=("--helper",)),
    "hl": Extension(one_of="HL match: You must specify one of `--hl-eq', `--hl-lt', `--hl-gt'", families=_V6),
    "icmp": Extension(needs=("--icmp-type",), families=_V4),
    "icmp6": Extension(needs=("--icmpv6-type",), families=_V6),
    "ipcomp": Extension(),
    "iprange": Extension(one_of="iprange match: You must specify `--src-range' or `--dst-range'"),
    "ipv6header": Extension(needs=("--header",), families=_V6),
    "ipvs": Extension(),
    "length": Extension(needs=("--length",)),
    "limit": Extension(),
    "mac": Extension(needs=("--mac-source",)),
    "mark": Extension(needs=("--mark",)),
    "mh": Extension(families=_V6),
    "multiport": Extension(one_of="multiport expection an option"),
    "nfacct": Extension(needs=("--nfacct-name",)),
    "osf": Extension(needs=("--genre",), families=_V4),
    "owner": Extension(one_of="owner: At least one of --uid-owner, --gid-owner or --socket-exists is required"),
    "physdev": Extension(one_of="PHYSDEV: no physdev option specified"),
    "pkttype": Extension(needs=("--pkt-type",)),
    "policy": Extension(one_of="policy match: neither --dir in nor --dir out specified", any_of=("--dir",)),
    "quota": Extension(needs=("--quota",)),
    "rateest": Extension(one_of="rateest match: At least one of --rateest1, --rateest2 is required"),
    "realm": Extension(needs=("--realm",), families=_V4),
    "recent": Extension(
        one_of="recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'", any_of=RECENT_TESTS
    ),
    "rpfilter": Extension(),
    "rt": Extension(families=_V6),
    "sctp": Extension(),
    "set": Extension(one_of="You must specify `--match-set' with proper arguments"),
    "socket": Extension(),
    "srh": Extension(families=_V6),
    "standard": Extension(),
    "state": Extension(needs=("--state",)),
    "statistic": Extension(needs=("--mode",)),
    "string": Extension(needs=("--algo",), one_of="STRING match: You must specify `--string' or `--hex-string'"),
    "tcp": Extension(),
    "tcpmss": Extension(needs=("--mss",)),
    "time": Extension(),
    "tos": Extension(needs=("--tos",)),
    "ttl": Extension(one_of="TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt'", families=_V4),
    "u32": Extension(needs=("--u32",)),
    "udp": Extension(),
}

MARKS = ("--set-xmark", "--set-mark", "--and-mark", "--or-mark", "--xor-mark")
_ONE_MARK = "{}: One of the --set-xmark, --{{and,or,xor,set}}-mark options is required"

TARGETS: dict[str, Extension] = {
    "ACCEPT": Extension(),
    "AUDIT": Extension(needs=("--type",)),
    "CHECKSUM": Extension(needs=("--checksum-fill",)),
    "CLASSIFY": Extension(needs=("--set-class",)),
    "CLUSTERIP": Extension(families=_V4),
    "CONNMARK": Extension(
        one_of="CONNMARK target: No operation specified", any_of=(*MARKS, "--save-mark", "--restore-mark")
    ),
    "CONNSECMARK": Extension(one_of="CONNSECMARK target: parameter required"),
    "CT": Extension(),
    "DNAT": Extension(needs=("--to-destination",)),
    "DNPT": Extension(needs=("--src-pfx", "--dst-pfx"), families=_V6),
    "DROP": Extension(),
    "DSCP": Extension(one_of="DSCP target: Parameter --set-dscp is required"),
    "ECN": Extension(one_of="ECN target: An operation is required", families=_V4),
    "HL": Extension(one_of="HL: You must specify an action", families=_V6),
    "HMARK": Extension(needs=("--hmark-mod",)),
    "IDLETIMER": Extension(needs=("--timeout", "--label")),
    "LED": Extension(needs=("--led-trigger-id",)),
    "LOG": Extension(),
    "MARK": Extension(one_of=_ONE_MARK.format("MARK")),
    "MASQUERADE": Extension(),
    "NETMAP": Extension(needs=("--to",)),
    "NFLOG": Extension(),
    "NFQUEUE": Extension(),
    "NOTRACK": Extension(),
    "QUEUE": Extension(),
    "RATEEST": Extension(needs=("--rateest-name", "--rateest-interval", "--rateest-ewmalog")),
    "REDIRECT": Extension(),
    "REJECT": Extension(),
    "RETURN": Extension(),
    "SECMARK": Extension(needs=("--selctx",)),
    "SET": Extension(one_of="You must specify either `--add-set' or `--del-set' or `--map-set'"),
    "SNAT": Extension(needs=("--to-source",)),
    "SNPT": Extension(needs=("--src-pfx", "--dst-pfx"), families=_V6),
    "SYNPROXY": Extension(),
    "TCPMSS": Extension(one_of="TCPMSS target: At least one parameter is required"),
    "TCPOPTSTRIP": Extension(one_of="TCPOPTSTRIP: --strip-options parameter required"),
    "TEE": Extension(needs=("--gateway",)),
    "TOS": Extension(one_of="TOS: An action is required"),
    "TPROXY": Extension(needs=("--on-port",)),
    "TRACE": Extension(),
    "TTL": Extension(one_of="TTL: You must specify an action", families=_V4),
    "ULOG": Extension(families=_V4),
}

ADDON_TARGETS = frozenset({
    "ACCOUNT", "BALANCE", "CHAOS", "COUNTER", "DELUDE", "DHCPMAC", "DNETMAP", "ECHO", "FLOWOFFLOAD", "FTOS",
    "FULLCONENAT", "IMQ", "IPMARK", "IPV4OPTSSTRIP", "LOGMARK", "MIRROR", "PROTO", "RAWDNAT", "RAWSNAT", "ROUTE",
    "RTPENGINE", "SAME", "STEAL", "SYSRQ", "TARPIT",
})  # fmt: skip
"""Targets of xtables-addons, OpenWrt and old kernels: known not to be chains, not known for what they do."""

IMPLIED = {
    1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 50: "esp", 51: "ah", 58: "icmp6", 108: "ipcomp", 132: "sctp",
    135: "mh",
}  # fmt: skip
"""The match that ``-p`` brings along."""

PROTOCOL_OF = {
    "tcp": 6, "udp": 17, "sctp": 132, "dccp": 33, "icmp": 1, "icmp6": 58, "ah": 51, "esp": 50, "ipcomp": 108,
    "mh": 135, "osf": 6, "tcpmss": 6, "SYNPROXY": 6, "TCPMSS": 6, "TCPOPTSTRIP": 6, "ECN": 6, "ecn": 6,
}  # fmt: skip
"""The ``-p`` that a match or target must stand beside (``.proto`` of the kernel's ``struct xt_match``)."""

CORE = frozenset({
    "source", "destination", "in_interface", "out_interface", "protocol", "fragment", "jump", "goto", "only_ipv4",
    "only_ipv6", "basic_inert",
})  # fmt: skip
"""The grammar's names for what needs no ``-m``."""

_PORTS = ("tcp", "udp", "sctp", "dccp")
_NAT = ("DNAT", "SNAT", "MASQUERADE", "REDIRECT")
_OWNERS: dict[str, tuple[str, ...]] = {
    "sport": _PORTS, "dport": _PORTS, "sports": ("multiport",), "dports": ("multiport",), "ports": ("multiport",),
    "syn": ("tcp",), "tcp_flags": ("tcp",), "src_range": ("iprange",), "dst_range": ("iprange",),
    "src_type": ("addrtype",), "dst_type": ("addrtype",), "limit_iface": ("addrtype",), "match_set": ("set",),
    "ctstate": ("conntrack",), "ctproto": ("conntrack",), "ctorigsrc": ("conntrack",), "ctorigdst": ("conntrack",),
    "ctorigsrcport": ("conntrack",), "ctorigdstport": ("conntrack",), "ctdir": ("conntrack",),
    "mark": ("mark", "connmark"), "shared_set": ("recent", "connlabel", "set"),
    "shared_label": ("connlabel", "IDLETIMER"), "shared_helper": ("helper", "CT"),
    "shared_mode": ("policy", "statistic"), "shared_proto": ("policy",), "shared_ttl": ("ttl", "osf"),
    "shared_to": ("string", "NETMAP"), "shared_mask": ("recent", "CONNMARK"), "shared_mss": ("tcpmss", "SYNPROXY"),
    "shared_ecn": ("ecn", "ECN"), "shared_timeout": ("IDLETIMER", "SET", "CT"),
    "shared_to_ports": ("REDIRECT", "MASQUERADE"), "shared_random": _NAT, "shared_pfx": ("DNPT", "SNPT"),
    "shared_set_mark": ("MARK", "CONNMARK"),
}  # fmt: skip


def owners(name: str) -> tuple[str, ...]:
    """The matches and targets that have an option, by the grammar's name for it."""
    known = _OWNERS.get(name)
    if known is not None:
        return known
    return (name.removeprefix("target_").upper(),) if name.startswith("target_") else (name,)


_MANGLE: dict[str, tuple[str, ...]] = {"mangle": ()}
PLACES: dict[str, dict[str, tuple[str, ...]]] = {
    "REJECT": {"filter": ()},
    "DNAT": {"nat": ("PREROUTING", "OUTPUT")},
    "REDIRECT": {"nat": ("PREROUTING", "OUTPUT")},
    "SNAT": {"nat": ("INPUT", "POSTROUTING")},
    "MASQUERADE": {"nat": ("POSTROUTING",)},
    "NETMAP": {"nat": ()},
    "CT": {"raw": ()},
    "NOTRACK": {"raw": ()},
    "CHECKSUM": _MANGLE, "DSCP": _MANGLE, "ECN": _MANGLE, "TCPOPTSTRIP": _MANGLE, "TOS": _MANGLE, "TTL": _MANGLE,
    "HL": _MANGLE, "DNPT": _MANGLE, "SNPT": _MANGLE,
    "TPROXY": {"mangle": ("PREROUTING",)},
    "CONNSECMARK": {"mangle": (), "security": ()},
    "SECMARK": {"mangle": (), "security": ()},
}  # fmt: skip
"""Where the kernel takes a target: table, and its built-in chains where not all."""

CHAINS_OF = {
    "CLASSIFY": ("FORWARD", "OUTPUT", "POSTROUTING"),
    "SYNPROXY": ("INPUT", "FORWARD"),
    "owner": ("OUTPUT", "POSTROUTING"),
    "socket": ("PREROUTING", "INPUT"),
    "rpfilter": ("PREROUTING",),
    "mac": ("PREROUTING", "INPUT", "FORWARD"),
    "osf": ("PREROUTING", "INPUT", "FORWARD"),
    "cgroup": ("INPUT", "OUTPUT", "POSTROUTING"),
    "realm": ("INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
}
"""The built-in chains that a match or target may be in, whatever the table."""

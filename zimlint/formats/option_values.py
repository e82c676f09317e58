"""What iptables 1.8.9 takes as values of the options that no condition is made of.

The kinds, bounds and exclusions were read from the option tables of the real extensions (``struct xt_option_entry``).
A kind is a word that ``value_kinds.py`` or ``extension_kinds.py`` knows, with the least and the greatest value:
``u8 0 63``; ``u16:`` is a range of such numbers. What is not listed is any text, or judged where a condition is made.
Invariant: data only.
"""

from __future__ import annotations

_CT_EVENTS = "list new|related|destroy|reply|assured|protoinfo|helper|mark|natseqinfo|secmark"
_HL = {"--hl-eq": "u8", "--hl-lt": "u8", "--hl-gt": "u8", "--hl": "u8"}
_OPTS = "options"

_ADDRESS_TYPES = (
    "begun UNSPEC|UNICAST|LOCAL|BROADCAST|ANYCAST|MULTICAST|BLACKHOLE|UNREACHABLE|PROHIBIT|THROW|NAT|XRESOLVE"
)

VALUES: dict[str, dict[str, str]] = {
    "addrtype": {"--src-type": _ADDRESS_TYPES, "--dst-type": _ADDRESS_TYPES},
    "ah": {"--ahspi": "u32:", "--ahlen": "u32"},
    "cgroup": {"--cgroup": "u32"},
    "cluster": {
        "--cluster-total-nodes": "u32 1 32", "--cluster-local-node": "u32 1 32",
        "--cluster-local-nodemask": "u32 1 32", "--cluster-hash-seed": "u32",
    },
    "connbytes": {
        "--connbytes": "u64: ordered", "--connbytes-dir": "exact original|reply|both",
        "--connbytes-mode": "exact packets|bytes|avgpkt",
    },
    "connlabel": {"--label": "label"},
    "connlimit": {"--connlimit-upto": "u32", "--connlimit-above": "u32", "--connlimit-mask": "plenmask"},
    "conntrack": {
        "--ctreplsrc": "hostmask", "--ctrepldst": "hostmask", "--ctreplsrcport": "port:", "--ctrepldstport": "port:",
        "--ctstatus": "begun NONE|EXPECTED|SEEN_REPLY|ASSURED|CONFIRMED", "--ctexpire": "u32:",
    },
    "cpu": {"--cpu": "u32"},
    "dccp": {
        "--dccp-types": "anycase request|response|data|ack|dataack|closereq|close|reset|sync|syncack|invalid",
        "--dccp-option": "u8 1 255",
    },
    "devgroup": {"--src-group": "named", "--dst-group": "named"},
    "dscp": {"--dscp": "u8 0 63", "--dscp-class": "dscp"},
    "dst": {"--dst-len": "u32", "--dst-opts": _OPTS},
    "ecn": {"--ecn-ip-ect": "u8 0 3"},
    "esp": {"--espspi": "u32:"},
    "frag": {"--fragid": "u32:", "--fraglen": "u32"},
    "hashlimit": {
        "--hashlimit-upto": "hashrate", "--hashlimit-above": "hashrate", "--hashlimit": "hashrate",
        "--hashlimit-srcmask": "plen", "--hashlimit-dstmask": "plen", "--hashlimit-burst": "burst",
        "--hashlimit-htable-size": "u32", "--hashlimit-htable-max": "u32", "--hashlimit-htable-gcinterval": "u32 1 0",
        "--hashlimit-htable-expire": "u32 1 0", "--hashlimit-mode": "anycase srcip|srcport|dstip|dstport",
        "--hashlimit-name": "file", "--hashlimit-rate-interval": "rateinterval",
    },
    "hbh": {"--hbh-len": "u32", "--hbh-opts": _OPTS},
    "hl": _HL,
    "ipcomp": {"--ipcompspi": "u32:"},
    "ipv6header": {
        "--header": "headers",
    },
    "ipvs": {"--vproto": "proto", "--vaddr": "hostmask", "--vport": "port", "--vdir": "word original|reply",
             "--vportctl": "port"},
    "length": {"--length": "u16:"},
    "limit": {"--limit": "rate", "--limit-burst": "u32 0 10000"},
    "mac": {"--mac-source": "mac"},
    "mh": {"--mh-type": "mobility"},
    "nfacct": {"--nfacct-name": "text 1 0"},
    "osf": {"--ttl": "u32 0 2", "--log": "u32 0 2"},
    "owner": {"--uid-owner": "owner", "--gid-owner": "owner"},
    "physdev": {"--physdev-in": "interface", "--physdev-out": "interface"},
    "policy": {
        "--dir": "exact in|out", "--pol": "exact none|ipsec", "--reqid": "u32", "--spi": "u32",
        "--tunnel-src": "hostmask", "--tunnel-dst": "hostmask", "--proto": "ipsec", "--mode": "exact transport|tunnel",
    },
    "quota": {"--quota": "u64"},
    "realm": {"--realm": "named"},
    "recent": {"--seconds": "u32 1 0", "--hitcount": "u32 0 65535", "--name": "file", "--mask": "host"},
    "rt": {"--rt-type": "u32", "--rt-segsleft": "u32:", "--rt-len": "u32", "--rt-0-addrs": "addresses"},
    "sctp": {"--chunk-types": "word all|any|only"},
    "srh": {
        "--srh-next-hdr": "u8", "--srh-hdr-len-eq": "u8", "--srh-hdr-len-gt": "u8", "--srh-hdr-len-lt": "u8",
        "--srh-segs-left-eq": "u8", "--srh-segs-left-gt": "u8", "--srh-segs-left-lt": "u8",
        "--srh-last-entry-eq": "u8", "--srh-last-entry-gt": "u8", "--srh-last-entry-lt": "u8", "--srh-tag": "u16",
        "--srh-psid": "hostmask", "--srh-nsid": "hostmask", "--srh-lsid": "hostmask",
    },
    "statistic": {
        "--mode": "exact random|nth", "--probability": "double 0 1", "--every": "u32 1 0", "--packet": "u32",
    },
    "string": {"--from": "u16", "--to": "u16", "--algo": "exact bm|kmp|fsm"},
    "tcp": {"--tcp-option": "u8 1 255"},
    "tcpmss": {"--mss": "u16: ordered"},
    "time": {
        "--datestart": "date", "--datestop": "date", "--timestart": "clock", "--timestop": "clock",
        "--weekdays": "weekdays", "--monthdays": "monthdays",
    },
    "tos": {"--tos": "tos"},
    "ttl": {"--ttl-eq": "u8", "--ttl-lt": "u8", "--ttl-gt": "u8", "--ttl": "u8"},
    "AUDIT": {"--type": "exact accept|drop|reject"},
    "CLASSIFY": {"--set-class": "class"},
    "CLUSTERIP": {
        "--hashmode": "exact sourceip|sourceip-sourceport|sourceip-sourceport-destport", "--clustermac": "mac",
        "--total-nodes": "u16 0 16", "--local-node": "u16 0 16", "--hash-init": "u32",
    },
    "CONNMARK": {"--left-shift-mark": "u8 0 31", "--right-shift-mark": "u8 0 31"},
    "CT": {
        "--ctevents": _CT_EVENTS, "--expevents": "list new", "--zone": "zone", "--zone-orig": "zone",
        "--zone-reply": "zone",
    },
    "DNPT": {"--src-pfx": "prefix", "--dst-pfx": "prefix"},
    "DSCP": {"--set-dscp": "u8 0 63", "--set-dscp-class": "dscp"},
    "ECN": {"--ecn-tcp-cwr": "u8 0 1", "--ecn-tcp-ece": "u8 0 1", "--ecn-ip-ect": "u8 0 3"},
    "HL": {"--hl-set": "u8", "--hl-dec": "u8 1 0", "--hl-inc": "u8 1 0"},
    "HMARK": {
        "--hmark-tuple": "begun src|dst|sport|dport|spi|ct", "--hmark-src-prefix": "plenmask",
        "--hmark-dst-prefix": "plenmask", "--hmark-sport-mask": "u16", "--hmark-dport-mask": "u16",
        "--hmark-spi-mask": "u32", "--hmark-sport": "u16", "--hmark-dport": "u16", "--hmark-spi": "u32",
        "--hmark-proto-mask": "u16", "--hmark-rnd": "u32", "--hmark-mod": "u32 1 0", "--hmark-offset": "u32",
    },
    "IDLETIMER": {"--timeout": "u32 1 2147483", "--label": "file"},
    "LED": {"--led-trigger-id": "text 0 16"},
    "LOG": {"--log-level": "level", "--log-prefix": "text 1 0"},
    "NFLOG": {
        "--nflog-group": "u16", "--nflog-prefix": "text 1 0", "--nflog-range": "u32", "--nflog-size": "u32",
        "--nflog-threshold": "u16",
    },
    "NFQUEUE": {"--queue-num": "u16", "--queue-balance": "balance"},
    "RATEEST": {"--rateest-interval": "interval", "--rateest-ewmalog": "interval"},
    "SNPT": {"--src-pfx": "prefix", "--dst-pfx": "prefix"},
    "SYNPROXY": {"--wscale": "u32", "--mss": "u32"},
    "TCPMSS": {"--set-mss": "mss"},
    "TCPOPTSTRIP": {"--strip-options": "tcpoptions"},
    "TEE": {"--gateway": "host"},
    "TOS": {"--set-tos": "tos", "--and-tos": "u8", "--or-tos": "u8", "--xor-tos": "u8"},
    "TPROXY": {"--on-port": "port", "--on-ip": "host", "--tproxy-mark": "mark"},
    "TTL": {"--ttl-set": "u8", "--ttl-dec": "u8 1 0", "--ttl-inc": "u8 1 0"},
    "ULOG": {
        "--ulog-nlgroup": "u8 1 32", "--ulog-prefix": "text 1 0", "--ulog-cprange": "u64",
        "--ulog-qthreshold": "u64 1 50",
    },
}  # fmt: skip

_MARKS = ("--set-xmark", "--set-mark", "--and-mark", "--or-mark", "--xor-mark", "--save-mark", "--restore-mark")

ALTERNATIVES: dict[str, tuple[tuple[str, ...], ...]] = {
    "addrtype": (("--limit-iface-in", "--limit-iface-out"),),
    "cluster": (("--cluster-local-node", "--cluster-local-nodemask"),),
    "connlimit": (("--connlimit-upto", "--connlimit-above"), ("--connlimit-saddr", "--connlimit-daddr")),
    "dscp": (("--dscp", "--dscp-class"),),
    "frag": (("--fragmore", "--fraglast"),),
    "hashlimit": (("--hashlimit", "--hashlimit-upto", "--hashlimit-above"),),
    "hl": (("--hl-eq", "--hl", "--hl-lt", "--hl-gt"),),
    "multiport": (("--sports", "--source-ports", "--dports", "--destination-ports", "--ports"),),
    "recent": (("--set", "--rcheck", "--update", "--remove"),),
    "statistic": (("--probability", "--every"), ("--probability", "--packet")),
    "string": (("--string", "--hex-string"),),
    "time": (("--utc", "--localtz"), ("--utc", "--kerneltz")),
    "ttl": (("--ttl-eq", "--ttl", "--ttl-lt", "--ttl-gt"),),
    "CONNMARK": (_MARKS, ("--mask", "--ctmask"), ("--mask", "--nfmask")),
    "CONNSECMARK": (("--save", "--restore"),),
    "DSCP": (("--set-dscp", "--set-dscp-class"),),
    "ECN": (("--ecn-tcp-remove", "--ecn-tcp-cwr"), ("--ecn-tcp-remove", "--ecn-tcp-ece")),
    "HL": (("--hl-set", "--hl-dec", "--hl-inc"),),
    "MARK": (_MARKS,),
    "NFLOG": (("--nflog-range", "--nflog-size"),),
    "NFQUEUE": (("--queue-num", "--queue-balance"),),
    "TOS": (("--set-tos", "--and-tos", "--or-tos", "--xor-tos"),),
    "TTL": (("--ttl-set", "--ttl-dec", "--ttl-inc"),),
}
"""Options of which a line may have one; those of the same number in the tables count as one option given twice."""

ALSO = {
    "--next": "--strict", "--reap": "--seconds", "--every": "--packet", "--packet": "--every",
    "--queue-cpu-fanout": "--queue-balance",
}  # fmt: skip
"""Options that want another beside them."""

ONLY_IPV6 = frozenset({"--ahlen", "--ahres"})
"""Options that a match has for IPv6 alone."""

PLAIN = frozenset({
    ("statistic", "--mode"), ("connlabel", "--set"), ("hl", "--hl-gt"), ("hl", "--hl-lt"), ("ttl", "--ttl-gt"),
    ("ttl", "--ttl-lt"),
})  # fmt: skip
"""Options that take no ``!``, though others of that name do; a target's never do."""

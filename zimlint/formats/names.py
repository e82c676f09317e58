"""The names that iptables knows numbers by: protocols, services, ICMP types.

Invariant: data only; every table says where it comes from.
"""

from __future__ import annotations

from zimlint.packets import Family, c_number

PROTOCOLS = {
    "ip": 0, "all": 0, "hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "st": 5, "tcp": 6, "egp": 8,
    "igp": 9, "pup": 12, "udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "dccp": 33, "xtp": 36,
    "ddp": 37, "idpr-cmtp": 38, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "idrp": 45, "rsvp": 46, "gre": 47,
    "esp": 50, "ah": 51, "skip": 57, "ipv6-icmp": 58, "icmpv6": 58, "icmp6": 58, "ipv6-nonxt": 59, "ipv6-opts": 60,
    "rspf": 73, "vmtp": 81, "eigrp": 88, "ospf": 89, "ax.25": 93, "ipip": 94, "etherip": 97, "encap": 98, "pim": 103,
    "ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "sctp": 132, "fc": 133, "mobility-header": 135,
    "ipv6-mh": 135, "mh": 135, "udplite": 136, "mpls-in-ip": 137, "manet": 138, "hip": 139, "shim6": 140,
    "wesp": 141, "rohc": 142, "ethernet": 143,
}  # fmt: skip
"""/etc/protocols of Debian 12, and the names that libxtables adds (``xtables_chain_protos``)."""


def protocol_number(text: str) -> int | None:
    """``tcp``, ``TCP``, ``6``, ``0x6``; None for what is no protocol."""
    known = PROTOCOLS.get(text.lower())
    return known if known is not None else c_number(text, 255)


SERVICES = {
    "tcpmux": 1, "echo": 7, "discard": 9, "systat": 11, "daytime": 13, "netstat": 15, "qotd": 17, "chargen": 19,
    "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "mail": 25, "time": 37, "whois": 43,
    "nicname": 43, "tacacs": 49, "domain": 53, "bootps": 67, "bootpc": 68, "tftp": 69, "gopher": 70, "finger": 79,
    "http": 80, "www": 80, "kerberos": 88, "kerberos5": 88, "krb5": 88, "iso-tsap": 102, "pop3": 110, "pop-3": 110,
    "sunrpc": 111, "portmapper": 111, "auth": 113, "ident": 113, "nntp": 119, "ntp": 123, "epmap": 135,
    "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139, "imap2": 143, "imap": 143, "snmp": 161,
    "snmp-trap": 162, "snmptrap": 162, "bgp": 179, "irc": 194, "ldap": 389, "svrloc": 427, "https": 443,
    "microsoft-ds": 445, "kpasswd": 464, "submissions": 465, "smtps": 465, "ssmtp": 465, "urd": 465, "isakmp": 500,
    "exec": 512, "biff": 512, "login": 513, "who": 513, "shell": 514, "syslog": 514, "printer": 515, "talk": 517,
    "route": 520, "router": 520, "dhcpv6-client": 546, "dhcpv6-server": 547, "rtsp": 554, "nntps": 563, "qmqp": 628,
    "submission": 587, "ipp": 631, "ldaps": 636, "tinc": 655, "domain-s": 853, "rsync": 873, "telnets": 992,
    "imaps": 993, "pop3s": 995, "socks": 1080, "openvpn": 1194, "ms-sql-s": 1433, "ms-sql-m": 1434, "l2f": 1701,
    "l2tp": 1701, "pptp": 1723, "radius": 1812, "radius-acct": 1813, "nfs": 2049, "mysql": 3306, "rdp": 3389,
    "ms-wbt-server": 3389, "svn": 3690, "subversion": 3690, "sieve": 4190, "epmd": 4369, "ipsec-nat-t": 4500,
    "sip": 5060, "sip-tls": 5061, "xmpp-client": 5222, "xmpp-server": 5269, "mdns": 5353, "postgresql": 5432,
    "postgres": 5432, "amqp": 5672, "amqps": 5671, "x11": 6000, "redis": 6379, "http-alt": 8080, "webcache": 8080,
    "bacula-dir": 9101, "bacula-fd": 9102, "bacula-sd": 9103, "git": 9418, "webmin": 10000, "zabbix-agent": 10050,
    "zabbix-trapper": 10051, "amanda": 10080, "memcached": 11211, "nrpe": 5666,
}  # fmt: skip
"""The services of /etc/services that rules are written with. The machine's own file may hold more."""

ICMP_TYPES: dict[Family, dict[str, tuple[int, int, int]]] = {
    Family.IPV4: {
        "any": (255, 0, 255), "echo-reply": (0, 0, 255), "pong": (0, 0, 255),
        "destination-unreachable": (3, 0, 255), "network-unreachable": (3, 0, 0), "host-unreachable": (3, 1, 1),
        "protocol-unreachable": (3, 2, 2), "port-unreachable": (3, 3, 3), "fragmentation-needed": (3, 4, 4),
        "source-route-failed": (3, 5, 5), "network-unknown": (3, 6, 6), "host-unknown": (3, 7, 7),
        "network-prohibited": (3, 9, 9), "host-prohibited": (3, 10, 10), "TOS-network-unreachable": (3, 11, 11),
        "TOS-host-unreachable": (3, 12, 12), "communication-prohibited": (3, 13, 13),
        "host-precedence-violation": (3, 14, 14), "precedence-cutoff": (3, 15, 15), "source-quench": (4, 0, 255),
        "redirect": (5, 0, 255), "network-redirect": (5, 0, 0), "host-redirect": (5, 1, 1),
        "TOS-network-redirect": (5, 2, 2), "TOS-host-redirect": (5, 3, 3), "echo-request": (8, 0, 255),
        "ping": (8, 0, 255), "router-advertisement": (9, 0, 255), "router-solicitation": (10, 0, 255),
        "time-exceeded": (11, 0, 255), "ttl-exceeded": (11, 0, 255), "ttl-zero-during-transit": (11, 0, 0),
        "ttl-zero-during-reassembly": (11, 1, 1), "parameter-problem": (12, 0, 255), "ip-header-bad": (12, 0, 0),
        "required-option-missing": (12, 1, 1), "timestamp-request": (13, 0, 255), "timestamp-reply": (14, 0, 255),
        "address-mask-request": (17, 0, 255), "address-mask-reply": (18, 0, 255),
    },
    Family.IPV6: {
        "destination-unreachable": (1, 0, 255), "no-route": (1, 0, 0), "communication-prohibited": (1, 1, 1),
        "beyond-scope": (1, 2, 2), "address-unreachable": (1, 3, 3), "port-unreachable": (1, 4, 4),
        "failed-policy": (1, 5, 5), "reject-route": (1, 6, 6), "packet-too-big": (2, 0, 255),
        "time-exceeded": (3, 0, 255), "ttl-exceeded": (3, 0, 255), "ttl-zero-during-transit": (3, 0, 0),
        "ttl-zero-during-reassembly": (3, 1, 1), "parameter-problem": (4, 0, 255), "bad-header": (4, 0, 0),
        "unknown-header-type": (4, 1, 1), "unknown-option": (4, 2, 2), "echo-request": (128, 0, 255),
        "ping": (128, 0, 255), "echo-reply": (129, 0, 255), "pong": (129, 0, 255), "router-solicitation": (133, 0, 255),
        "router-advertisement": (134, 0, 255), "neighbour-solicitation": (135, 0, 255),
        "neighbor-solicitation": (135, 0, 255), "neighbour-advertisement": (136, 0, 255),
        "neighbor-advertisement": (136, 0, 255), "redirect": (137, 0, 255),
    },
}  # fmt: skip
"""Type and range of codes (``iptables -p icmp -h``, ``ip6tables -p ipv6-icmp -h``); IPv4's 255 is every type."""

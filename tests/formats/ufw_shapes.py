"""Every shape that the two ufw grammars know, made of their pieces: what their ``.shapes.json`` hold ready."""

from __future__ import annotations

from itertools import product

_PROTOCOLS = ("", "/tcp", "/udp", "/esp", "/ah", "/gre", "/igmp", "/ipv6", "/vrrp")
_PORT_PROTOCOLS = ("", "/tcp", "/udp")
_POLICIES = ("allow", "deny", "reject", "disabled")


def ufw_status_shapes() -> tuple[str, ...]:
    """The head, the actions, the cells and the attributes of ``ufw status``."""
    head = [f"Status: {state}" for state in ("active", "inactive", "loaded", "not loaded")]
    head += [f"Logging: {level}" for level in ("on", "off", "unknown")]
    head += [f"Logging: on ({level})" for level in ("low", "medium", "high", "full")]
    head += [f"New profiles: {policy}" for policy in ("allow", "deny", "reject", "skip")]
    for incoming in _POLICIES[:3]:
        head.append(f"Default: {incoming}")
        for outgoing in _POLICIES[:3]:
            two = f"Default: {incoming} (incoming), {outgoing} (outgoing)"
            head += [two, *(f"{two}, {routed} (routed)" for routed in _POLICIES)]
    directions = ("", " IN", " OUT", " FWD")
    actions = [f"{verb}{direction}" for verb in ("ALLOW", "DENY", "REJECT", "LIMIT") for direction in directions]
    places = [f"{place}{protocol}" for place in ("Anywhere", "NET") for protocol in _PROTOCOLS]
    for network in ("", "NET "):
        places += [f"{network}PORTS{protocol}{app}" for protocol in _PORT_PROTOCOLS for app in ("", " (APP)")]
        places += [f"PORTS{protocol} (APP (v6))" for protocol in _PORT_PROTOCOLS if not network]
        places.append(f"{network}APP")
    cells = ["".join(parts) for parts in product(places, ("", " (v6)"), ("", " on IF"))]
    attributes = ["(log)", "(log-all)", "(out)", "(log, out)", "(log-all, out)"]
    return (*head, "To Action From", *actions, *cells, *attributes)


def ufw_profile_shapes() -> tuple[str, ...]:
    """The lines of a profile and the parts of its ports."""
    protocols = ("", "/tcp", "/udp", "/any")
    parts = [f"{ports}{protocol}" for ports in ("PORT", "any") for protocol in protocols]
    return ("[NAME]", "KEY=VALUE", "KEY:VALUE", "KEY=", "KEY:", *parts, "LIST/tcp", "LIST/udp")


def ufw_command_shapes() -> tuple[str, ...]:
    """The commands of ufw that most scripts are made of."""
    rules = []
    for action in ("allow", "deny", "reject", "limit"):
        for place in ("", "insert V ", "delete ", "prepend "):
            rules += [f"{place}{action} {tail}" for tail in ("V ", "out V ", "from V ", "from V to V ")]
            for proto in ("", "proto V "):
                rules.append(f"{place}{action} {proto}from V to V port V ")
                rules.append(f"{place}{action} from V to V port V {proto}")
    rules += [f"{rule}comment V " for rule in rules]
    policies = [f"default {policy} {hook}" for policy in _POLICIES[:3] for hook in ("", "incoming ", "outgoing ")]
    return (*rules, *policies, "enable ", "disable ", "reset ", "reload ", "logging V ", "status V ")

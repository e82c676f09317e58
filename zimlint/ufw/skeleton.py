"""What ufw itself puts into the kernel around the rules files: its primary chains, their hooks and the policies.

Follows ``ufw_start`` of ufw-init-functions, 0.36.2. Each of its ``iptables-restore -n`` blocks loads wholly or not at
all; the three policies share one block, and so do the three ``skip-to-policy`` chains.
Invariant: every line and chain made here carries the span of the setting that causes it.
"""

from __future__ import annotations

from collections.abc import Mapping

from zimlint.formats.tables import TableStore
from zimlint.model import (
    Condition,
    CtState,
    Decide,
    FilterRule,
    InInterface,
    Jump,
    OutInterface,
    Protocols,
    Target,
    Verdict,
)
from zimlint.packets import TCP, UDP, RangeSet
from zimlint.source import Span

HOOKS = ("INPUT", "OUTPUT", "FORWARD")
Policies = Mapping[str, Verdict | None]
"""Hook to its policy; None is a policy that iptables refuses."""
Spans = Mapping[str, Span]
"""Hook to the place that causes what ufw does there."""

_PRIMARY = ("before-logging", "before", "after", "after-logging", "reject", "track")
_USER = ("user-input", "user-output", "user-forward", "user-logging-input", "user-logging-output")
_MORE_USER = ("user-logging-forward", "user-limit", "user-limit-accept")


def add_primary_chains(store: TableStore, prefix: str, policies: Policies, spans: Spans) -> None:
    """All that is there before before.rules is loaded: hooked chains, reject and track, the secondary chains."""
    store.open_table("filter")
    for kind in _PRIMARY:
        for hook in HOOKS:
            _declare(store, f"{prefix}-{kind}-{hook.lower()}", spans[hook])
    for hook in HOOKS:
        for kind in _PRIMARY:
            _append(store, hook, Jump(f"{prefix}-{kind}-{hook.lower()}"), spans[hook])
        if policies[hook] is Verdict.REJECT:
            _append(store, f"{prefix}-reject-{hook.lower()}", Decide(Verdict.REJECT), spans[hook])
        if policies[hook] is Verdict.ACCEPT:
            for protocol in (TCP, UDP):
                new = Protocols(RangeSet([(protocol, protocol)])), CtState(frozenset({"NEW"}))
                _append(store, f"{prefix}-track-{hook.lower()}", Decide(Verdict.ACCEPT), spans[hook], *new)
    _declare(store, f"{prefix}-logging-deny", spans["INPUT"])
    _declare(store, f"{prefix}-logging-allow", spans["INPUT"])
    if policies_load(policies):
        for hook, policy in policies.items():
            if policy is not None:
                _declare(store, skip_chain(prefix, hook), spans[hook])
                _append(store, skip_chain(prefix, hook), Decide(policy), spans[hook])


def add_user_chains(store: TableStore, prefix: str, spans: Spans) -> None:
    """The chains that are there before user.rules is loaded."""
    for name in (*_USER, *_MORE_USER):
        _declare(store, f"{prefix}-{name}", spans["INPUT"])


def hook_user_chains(store: TableStore, prefix: str, spans: Spans) -> None:
    """After user.rules: the user chains come last in the before chains."""
    for hook in HOOKS:
        _append(store, f"{prefix}-before-{hook.lower()}", Jump(f"{prefix}-user-{hook.lower()}"), spans[hook])


def set_policies(store: TableStore, policies: Policies, spans: Spans) -> None:
    """The last step: the defaults of the built-in chains. REJECT is DROP here; a refused policy leaves all ACCEPT."""
    loads = policies_load(policies)
    for hook, policy in policies.items():
        closed = loads and policy is not Verdict.ACCEPT
        store.set_default("filter", hook, Verdict.DROP if closed else Verdict.ACCEPT, spans[hook])


def policies_load(policies: Policies) -> bool:
    """Whether iptables takes all three: one bad word and it loads none."""
    return None not in policies.values()


def skip_chain(prefix: str, hook: str) -> str:
    """The chain that gives a packet the configured policy at once, e.g. ``ufw-skip-to-policy-input``."""
    return f"{prefix}-skip-to-policy-{hook.lower()}"


def close_ipv6(store: TableStore, span: Span) -> None:
    """``IPV6=no``: everything is dropped but loopback."""
    store.open_table("filter")
    for hook in HOOKS:
        store.set_default("filter", hook, Verdict.DROP, span)
    _append(store, "INPUT", Decide(Verdict.ACCEPT), span, InInterface("lo"))
    _append(store, "OUTPUT", Decide(Verdict.ACCEPT), span, OutInterface("lo"))


def _declare(store: TableStore, chain: str, span: Span) -> None:
    store.declare("filter", chain, None, span)


def _append(store: TableStore, chain: str, target: Target, span: Span, *conditions: Condition) -> None:
    store.append("filter", chain, FilterRule(conditions, target, span))

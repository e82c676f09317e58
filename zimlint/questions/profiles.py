"""What ufw's application profiles would open.

Invariant: only profiles that are about Zimbra are judged; ufw and others ship dozens that are nobody's business here.
"""

from __future__ import annotations

from collections.abc import Iterator

from zimlint.checks import Check
from zimlint.finding import Finding, Severity
from zimlint.host import AppProfile
from zimlint.packets import RangeSet
from zimlint.questions.case import Case
from zimlint.questions.findings import finding, service_words
from zimlint.zimbra.catalogue import Service, services_on

_TELLING = RangeSet([(7024, 7995), (8735, 8736), (9071, 9071), (10024, 10032), (11211, 11211), (23232, 23233)])
"""Ports that nothing but Zimbra uses: a profile with one of them is about Zimbra, whatever its name."""


_FACING = (25, 80, 110, 143, 443, 465, 587, 993, 995)
"""What clients and other mail servers use: a profile without any of them is for other nodes."""


def profile(check: Check, case: Case) -> Iterator[Finding]:
    """A profile lists internal ports, or lacks what a mail server needs."""
    profiles = [each for each in case.host.profiles if _is_zimbra(each)]
    if check.params.get("kind") == "internal":
        for each in profiles:
            yield from _internal(check, case, each)
    elif profiles:
        yield from _lacks(check, case, [each for each in profiles if "zimbra" in each.name.lower()])


def _is_zimbra(each: AppProfile) -> bool:
    named = "zimbra" in f"{each.name} {each.title} {each.span.source.name}".lower()
    return named or any(part.ports & _TELLING and part.ports.size() < 1000 for part in each.ports)


def _internal(check: Check, case: Case, each: AppProfile) -> Iterator[Finding]:
    services = [s for s in case.catalogue.services.values() if s.label != "22/tcp" and _lists(each, s)]
    inner = [s for s in services if s.exposure in ("cluster", "loopback", "never-public", "admin")]
    if not inner or _kept_close(case, each, inner):
        return
    severity = Severity.WARNING if all(s.exposure == "admin" for s in inner) else None
    yield finding(
        check, case, each.ports_span,
        f"profile '{each.name}' lists {service_words(inner)}, and 'ufw allow' opens a profile to everybody",
        severity=severity, ports=[service.label for service in inner],
    )  # fmt: skip


def _kept_close(case: Case, each: AppProfile, inner: list[Service]) -> bool:
    """Whether rules of the host use the profile, and none of them lets strangers to these services."""
    name = "dapp_" + each.name.replace(" ", "%20")
    used = any(
        name in (rule.comment or "")
        for ruleset in case.host.rulesets
        for chain in ruleset.tables.get("filter", {}).values()
        for rule in chain.rules
    )
    strangers = any(
        service.port in opening.ports(service.protocol, source)
        for view in case.views
        for opening in view.openings
        for service in inner
        for source in ("public", "lan")
    )
    return used and not strangers


def _lists(each: AppProfile, service: Service) -> bool:
    return any(service.port in part.ports and part.protocol in (None, service.protocol) for part in each.ports)


def _lacks(check: Check, case: Case, profiles: list[AppProfile]) -> Iterator[Finding]:
    """What all Zimbra profiles together lack: 25, 443, and one of 465 and 587."""
    if not profiles:
        return
    have = RangeSet()
    for each in profiles:
        for part in each.ports:
            if part.protocol in (None, "tcp"):
                have |= part.ports
    on_node = services_on(case.catalogue, case.node.roles, proxy=case.site.proxy)
    here = {service.port for service in on_node if service.protocol == "tcp"}
    if not have & RangeSet((port, port) for port in here if port in _FACING):
        return
    lacking = [f"{port}/tcp" for port in (25, 443) if port in here and port not in have]
    if 587 in here and 465 not in have and 587 not in have:
        lacking.append("587/tcp")
    if lacking:
        words = ", ".join(lacking).replace("587/tcp", "both 465/tcp and 587/tcp")
        yield finding(check, case, profiles[0].ports_span, f"profile '{profiles[0].name}' lacks {words}", ports=lacking)

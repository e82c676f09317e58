"""An /etc/ufw tree -> the rulesets that ufw would load, step by step as ``ufw_start`` of ufw-init-functions does.

Invariant: a tree is judged as it is written. Where the real tools would load less, a fatal ``Problem`` says so; only
what would add to a whole block of its file, and does not load, is left out.
Invariant: a line that no file holds carries the span of the setting that causes it.
"""

from __future__ import annotations

from collections.abc import Mapping

from zimlint.formats.iptables_save import Loaded, load_rules
from zimlint.formats.tables import TableStore
from zimlint.host import Setting
from zimlint.model import Chain, Problem, Ruleset, Verdict, View
from zimlint.packets import Family
from zimlint.source import Source, Span
from zimlint.ufw.roles import RULES_FILES
from zimlint.ufw.settings import POLICY_KEYS, boot_policies, is_on
from zimlint.ufw.skeleton import (
    HOOKS,
    Policies,
    Spans,
    add_primary_chains,
    add_user_chains,
    close_ipv6,
    hook_user_chains,
    policies_load,
    set_policies,
)
from zimlint.ufw.stock import stock_before_rules

STOCK_POLICIES: Policies = {"INPUT": Verdict.DROP, "OUTPUT": Verdict.ACCEPT, "FORWARD": Verdict.DROP}
"""What the package ships in default/ufw."""

_FILES = {
    Family.IPV4: ("before.rules", "after.rules", "user.rules"),
    Family.IPV6: ("before6.rules", "after6.rules", "user6.rules"),
}
_PREFIX = {Family.IPV4: "ufw", Family.IPV6: "ufw6"}


def assemble(files: Mapping[str, Source], settings: Mapping[str, Setting]) -> tuple[Ruleset, ...]:
    """The IPv4 and the IPv6 ruleset of a tree; ``files`` by role, ``settings`` of default/ufw and ufw.conf together.

    Settings without any key of default/ufw: that file was not given, the stock one is taken and no default is known.
    """
    start = _start(files, settings)
    if start is None:
        return ()
    given = any(key in settings for key in ("IPV6", *POLICY_KEYS.values()))
    policies = boot_policies(settings) if given else STOCK_POLICIES
    spans = {hook: settings[key].span if key in settings else start for hook, key in POLICY_KEYS.items()}
    rulesets = []
    for family in Family:
        store = TableStore(family)
        loaded: list[Loaded] = []
        if family is Family.IPV6 and given and not is_on(settings.get("IPV6")):
            close_ipv6(store, settings["IPV6"].span if "IPV6" in settings else start)
        else:
            loaded = _load(store, files, policies, spans, start)
            if family is Family.IPV4 and given:
                loaded.append(Loaded(_missing_policies(settings, start), 0, ()))
        tables = store.tables()
        if not given:
            tables["filter"] = _defaults_unknown(tables["filter"])
        main = files.get(_FILES[family][2]) or files.get("user.rules") or start.source
        rulesets.append(_ruleset(family, "tree", main, tables, loaded))
    return tuple(rulesets)


def fragment(role: str, source: Source) -> Ruleset:
    """One rules file of a tree by itself, among the stock lines of the others; the defaults are not known."""
    family = Family.IPV6 if role.endswith("6.rules") else Family.IPV4
    start = Span(source, 1)
    tables, loaded = _among_stock(family, role, source, STOCK_POLICIES, dict.fromkeys(HOOKS, start), start)
    tables["filter"] = _defaults_unknown(tables["filter"])
    return _ruleset(family, "fragment", source, tables, loaded)


def defaults_alone(settings: Mapping[str, Setting]) -> tuple[Ruleset, ...]:
    """default/ufw by itself: its defaults behind the stock lines; nothing where they do not load or are not there."""
    policies = boot_policies(settings)
    if not all(key in settings for key in POLICY_KEYS.values()) or not policies_load(policies):
        return ()
    spans = {hook: settings[key].span for hook, key in POLICY_KEYS.items()}
    start = spans["INPUT"]
    rulesets = []
    for family in Family:
        if family is Family.IPV4 or is_on(settings.get("IPV6")):
            tables, loaded = _among_stock(family, None, start.source, policies, spans, start)
            rulesets.append(_ruleset(family, "fragment", start.source, tables, loaded))
    return tuple(rulesets)


def _among_stock(
    family: Family, role: str | None, source: Source, policies: Policies, spans: Spans, start: Span
) -> tuple[dict[str, dict[str, Chain]], list[Loaded]]:
    """What ufw loads where one file is known and the others are stock; the lines of those carry ``start``."""
    stock = Source("before.rules", stock_before_rules(family))
    store = TableStore(family)
    prefix = _PREFIX[family]
    add_primary_chains(store, prefix, policies, spans)
    if role is None or not role.startswith("before"):
        load_rules(store, stock, flush=False)
    if role is None or role.startswith("user"):
        add_user_chains(store, prefix, spans)
    loaded = [] if role is None else [_load_file(store, role, source)]
    if role is not None and not role.startswith("user"):
        add_user_chains(store, prefix, spans)
    hook_user_chains(store, prefix, spans)
    set_policies(store, policies, spans)
    tables = store.tables()
    tables["filter"] = {
        name: chain._replace(
            rules=tuple(rule._replace(span=start) if rule.span.source is stock else rule for rule in chain.rules),
        )
        for name, chain in tables["filter"].items()
    }
    return tables, loaded


def _load(
    store: TableStore, files: Mapping[str, Source], policies: Policies, spans: Spans, start: Span
) -> list[Loaded]:
    prefix = _PREFIX[store.family]
    add_primary_chains(store, prefix, policies, spans)
    loaded = []
    for role in _FILES[store.family]:
        source = files.get(role)
        if source is None or not source.text:
            # ufw_start tests with -s: an empty file is no file
            span = start if source is None else Span(source, 1)
            problem = Problem("not-loaded", f"Couldn't find '/etc/ufw/{role}'", span, fatal=True)
            loaded.append(Loaded((problem,), 0, ()))
            continue
        if not policies_load(policies) and f"{prefix}-skip-to-policy-" in source.text:
            # the chains that it jumps to were refused with the policy, which is reported where that stands
            continue
        if role.startswith("user"):
            add_user_chains(store, prefix, spans)
        loaded.append(_load_file(store, role, source))
        if role.startswith("user"):
            hook_user_chains(store, prefix, spans)
    set_policies(store, policies, spans)
    return loaded


def _load_file(store: TableStore, role: str, source: Source) -> Loaded:
    """``iptables-restore -n`` of one file: it commits block by block and ends at the first fault."""
    loaded = load_rules(store, source, flush=False)
    if not any(problem.fatal for problem in loaded.problems):
        return loaded
    block = ""
    blocks = [""]
    for line in source.text.split("\n"):
        block = line.strip() if line.startswith("*") else block
        blocks.append(block)
        block = "" if line.rstrip() == "COMMIT" else block
    problems = []
    for problem in loaded.problems:
        if problem.fatal:
            lost = blocks[min(problem.span.line, len(blocks) - 1)]
            place = f"this {lost} block" if lost else "here"
            effect = f"ufw loads nothing of {role} from {place} on, and ufw enable fails and sets ENABLED=no"
            if loaded.taken_back:
                effect += "; what it would have added to the blocks before is left out here"
            problems.append(problem._replace(message=f"{problem.message}; {effect}"))
        else:
            problems.append(problem)
    return loaded._replace(problems=tuple(problems))


def _start(files: Mapping[str, Source], settings: Mapping[str, Setting]) -> Span | None:
    """The place that stands for what no single setting causes: ENABLED, else the start of user.rules."""
    if "ENABLED" in settings:
        return settings["ENABLED"].span
    for role in ("user.rules", *RULES_FILES):
        if role in files:
            return Span(files[role], 1)
    return next((setting.span for setting in settings.values()), None)


def _missing_policies(settings: Mapping[str, Setting], start: Span) -> tuple[Problem, ...]:
    known = [settings[key].span for key in POLICY_KEYS.values() if key in settings]
    return tuple(
        Problem(
            "policy-misread",
            f"{key} is not set: ufw stops with \"Missing policy for '{hook.lower()}'\","
            " at boot iptables refuses the policies and INPUT, OUTPUT and FORWARD stay ACCEPT",
            known[0] if known else start,
        )
        for hook, key in POLICY_KEYS.items()
        if key not in settings
    )


def _defaults_unknown(chains: Mapping[str, Chain]) -> dict[str, Chain]:
    return {
        name: chain if chain.default is None else chain._replace(default_known=False) for name, chain in chains.items()
    }


def _ruleset(
    family: Family, view: View, source: Source, tables: Mapping[str, Mapping[str, Chain]], loaded: list[Loaded]
) -> Ruleset:
    return Ruleset(
        family,
        view,
        source,
        tables,
        problems=tuple(problem for part in loaded for problem in part.problems),
        unread_lines=sum(part.unread_lines for part in loaded),
        unknown=tuple(table for part in loaded for table in part.unknown),
    )

"""From the texts that were read to hosts: each text to the reader of its format, and what belongs together to one Host.

Invariant: values in, values out; no file is opened here.
Invariant: a tree is assembled only where its own parts of a family are there; a lone file of one is a fragment.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence

from zimlint.finding import Unread
from zimlint.formats import ANSIBLE, INIT_SCRIPT, SCRIPTS, TREE_FILES, of_nft, sniff
from zimlint.host import AppProfile, Host, Setting, StatusReport, UserRule
from zimlint.hosts.grouping import STATUS_SLOT, Group, Part, group
from zimlint.model import IpSet, Problem, Ruleset
from zimlint.packets import Family
from zimlint.source import Source

_DUMP_SLOT = "dump "


def gather(
    inputs: Sequence[Source],
    kind: str | None = None,
    *,
    base: str = "",
    default_ufw: Mapping[str, Source] | None = None,
    complete: Collection[str] = (),
) -> tuple[tuple[Host, ...], tuple[Unread, ...]]:
    """The hosts that the inputs describe, and the inputs that are of no known format.

    ``kind`` overrides what the texts say of themselves. ``base`` is the directory that relative names start from, and
    ``default_ufw`` the file /etc/default/ufw of each folder that holds an /etc/ufw. What is missing from a folder in
    ``complete`` is missing on the host; what is missing from another was just not given.
    """
    parts: list[Part] = []
    unread: list[Unread] = []
    for source in inputs:
        part = part_of(source, kind)
        if part is None:
            unread.append(Unread(source.name, why_unknown(source)))
        else:
            parts.append(part)
    return tuple(host_of(found, default_ufw or {}, complete) for found in group(parts, base)), tuple(unread)


def part_of(source: Source, kind: str | None = None) -> Part | None:
    """A text with its kind; None where no format knows it."""
    found = kind or sniff(source)
    return None if found is None else Part(source, found, _slot(source, found))


def why_unknown(source: Source) -> str:
    """What to say of a text that no format knows."""
    if of_nft(source.text):
        return "a ruleset of nft, which zimlint does not read: give it what iptables-save and ip6tables-save show"
    known = "iptables-save dump, ufw status, ufw profile, ipset save, file of /etc/ufw or commands of ufw or iptables"
    return f"not an {known}"


def _slot(source: Source, kind: str) -> str:
    match kind:
        case "iptables-save":
            from zimlint.formats.iptables_save import guess_family

            return _DUMP_SLOT + guess_family(source).value
        case "ufw-rules":
            from zimlint.ufw.roles import role_of

            name = os.path.basename(source.name)
            return name if name in TREE_FILES else role_of(source) or "user.rules"
        case "ufw-status":
            return STATUS_SLOT
        case _:
            return ""


def host_of(found: Group, default_ufw: Mapping[str, Source], complete: Collection[str]) -> Host:
    """The host that a group of parts describes; the other arguments are those of ``gather``."""
    of_kind: dict[str, list[Source]] = {}
    tree: dict[str, Source] = {}
    dumps: list[tuple[Source, Family]] = []
    for part in found.parts:
        of_kind.setdefault(part.kind, []).append(part.source)
        if part.kind == "ufw-rules":
            tree[part.slot] = part.source
        elif part.kind == "iptables-save":
            dumps += _loads(part, found)
    problems: list[Problem] = []
    settings_files = of_kind.get("ufw-settings", [])
    for folder in dict.fromkeys(os.path.dirname(source.name) for source in (*tree.values(), *settings_files)):
        if folder in default_ufw and default_ufw[folder] not in settings_files:
            settings_files.append(default_ufw[folder])
    settings = _settings(settings_files, problems)
    profiles = _profiles(of_kind.get("ufw-profile", []), problems)
    sets = _sets(of_kind.get("ipset-save", []), problems)
    status, rulesets = _statuses(of_kind.get("ufw-status", []), profiles, problems)
    commanded = _commanded(of_kind, profiles, problems)
    user_rules = _user_rules(tree, settings, problems)
    rulesets = [*_tree(tree, settings, complete), *_dumps(dumps), *(rulesets or commanded)] or _defaults(settings)
    if sets:
        rulesets = [ruleset._replace(sets={**sets, **ruleset.sets}) for ruleset in rulesets]
    scripts = tuple(of_kind.pop(INIT_SCRIPT, ()))
    listed = [part.source for part in found.parts if part.source not in scripts]
    listed += [source for source in settings_files if source not in listed]
    kinds = {part.source: part.kind for part in found.parts}
    return Host(
        found.name, tuple(rulesets), profiles, settings, status, user_rules, tuple(problems), tuple(listed), kinds,
        scripts,
    )  # fmt: skip


def _loads(part: Part, found: Group) -> list[tuple[Source, Family]]:
    """A dump with each family that it is loaded for; another file of the host goes before its second one."""
    from zimlint.formats.iptables_save import families

    taken = {other.slot for other in found.parts} - {part.slot}
    return [(part.source, family) for family in families(part.source) if _DUMP_SLOT + family.value not in taken]


def _settings(sources: list[Source], problems: list[Problem]) -> dict[str, Setting]:
    """default/ufw first, ufw.conf second: the second can override (ufw-init reads them in this order)."""
    found: dict[str, Setting] = {}
    if sources:
        from zimlint.ufw.settings import merge_settings, read_settings

        for source in sorted(sources, key=lambda source: os.path.basename(source.name) == "ufw.conf"):
            settings, wrong = read_settings(source)
            found = merge_settings(found, settings)
            problems += wrong
    return found


def _profiles(sources: list[Source], problems: list[Problem]) -> tuple[AppProfile, ...]:
    """What ufw reads in ``applications.d``, where the last file of a name wins; profiles elsewhere one by one."""
    found: list[AppProfile] = []
    if sources:
        from zimlint.formats.ufw_profile import read_profile_folder, read_ufw_profiles

        together = [s for s in sources if os.path.basename(os.path.dirname(s.name)) == "applications.d"]
        for profiles, wrong in (
            read_profile_folder(together),
            *(read_ufw_profiles(source) for source in sources if source not in together),
        ):
            found += profiles
            problems += wrong
    return tuple(found)


def _sets(sources: list[Source], problems: list[Problem]) -> dict[str, IpSet]:
    found: dict[str, IpSet] = {}
    if sources:
        from zimlint.formats.ipset_save import read_ipset_save

        for source in sources:
            sets, wrong = read_ipset_save(source)
            found |= {one.name: one for one in sets}
            problems += wrong
    return found


def _dumps(dumps: list[tuple[Source, Family]]) -> list[Ruleset]:
    if not dumps:
        return []
    from zimlint.formats.iptables_save import read_iptables_save

    return [read_iptables_save(source, family) for source, family in dumps]


def _statuses(
    sources: list[Source], profiles: tuple[AppProfile, ...], problems: list[Problem]
) -> tuple[StatusReport | None, list[Ruleset]]:
    """The report that says most, and the rulesets of all, that one's first."""
    if not sources:
        return None, []
    from zimlint.formats.ufw_status import read_ufw_status

    by_name = {profile.name: profile for profile in profiles}
    read: list[tuple[StatusReport, tuple[Ruleset, ...]]] = []
    for source in sources:
        report, rulesets, wrong = read_ufw_status(source, by_name)
        read.append((report, rulesets))
        problems += wrong
    read.sort(key=lambda pair: ("verbose", "numbered", "plain").index(pair[0].form))
    return read[0][0], [ruleset for _, rulesets in read for ruleset in rulesets]


def _commanded(
    of_kind: Mapping[str, list[Source]], profiles: tuple[AppProfile, ...], problems: list[Problem]
) -> list[Ruleset]:
    """What scripts of commands, Ansible tasks and ``ufw show added`` say."""
    found: list[Ruleset] = []
    for kind in ("ufw-added", *SCRIPTS):
        for source in of_kind.get(kind, ()):
            by_name = {profile.name: profile for profile in profiles}
            if kind == "iptables-commands":
                from zimlint.formats.iptables_commands import read_iptables_commands

                rulesets, wrong = read_iptables_commands(source)
            elif kind == ANSIBLE:
                from zimlint.formats.ansible_tasks import read_ansible_tasks

                rulesets, wrong = read_ansible_tasks(source, by_name)
            else:
                from zimlint.formats.ufw_commands import read_ufw_commands

                rulesets, wrong = read_ufw_commands(source, by_name, added=kind == "ufw-added")
            found += rulesets
            problems += wrong
    return found


def _defaults(settings: dict[str, Setting]) -> list[Ruleset]:
    """default/ufw by itself, as a hook hands it over."""
    if "DEFAULT_INPUT_POLICY" not in settings:
        return []
    from zimlint.ufw.assemble import defaults_alone

    return list(defaults_alone(settings))


def _user_rules(
    files: Mapping[str, Source], settings: Mapping[str, Setting], problems: list[Problem]
) -> tuple[UserRule, ...]:
    """What ufw takes user.rules and user6.rules for; it reads the second only where IPv6 is on."""
    found: list[UserRule] = []
    for role, family in (("user.rules", Family.IPV4), ("user6.rules", Family.IPV6)):
        off = family is Family.IPV6 and "IPV6" in settings and settings["IPV6"].command != "yes"
        if role in files and not off:
            from zimlint.ufw.tuples import read_tuples

            rules, wrong = read_tuples(files[role], family)
            found += rules
            problems += wrong
    return tuple(found)


def _tree(files: dict[str, Source], settings: dict[str, Setting], complete: Collection[str]) -> list[Ruleset]:
    """The families whose own files are there as ufw would load them, other files each on its own.

    Files of a family that are not there at all were not given: that is no fault of the host.
    """
    if not files:
        return []
    from zimlint.ufw.assemble import assemble, fragment

    walked = all(os.path.dirname(source.name) in complete for source in files.values())
    needed = ("before", "user") if walked else ("before", "after", "user")
    whole = {
        family
        for family, six in ((Family.IPV4, ""), (Family.IPV6, "6"))
        if {f"{word}{six}.rules" for word in needed} <= files.keys()
    }
    if whole and "IPV6" in settings and settings["IPV6"].boot not in ("yes", "YES"):
        whole.add(Family.IPV6)  # closed by ufw itself, whatever the files say
    loose = [role for role in files if (Family.IPV6 if "6" in role else Family.IPV4) not in whole]
    assembled = assemble(files, settings) if whole else ()
    fragments = [fragment(role, files[role]) for role in loose]
    return [ruleset for ruleset in assembled if ruleset.family in whole] + fragments

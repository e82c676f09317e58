"""What a match or target of iptables asks of its line: the options that must or must not be there, and a ``-p``.

Invariant: every refusal is in the words of iptables 1.8.9.
"""

from __future__ import annotations

from collections.abc import Sequence

from zimlint.formats.modules import MATCHES, PROTOCOL_OF, TARGETS
from zimlint.formats.option_values import ALSO, ALTERNATIVES, ONLY_IPV6, PLAIN
from zimlint.formats.shapes import Slot
from zimlint.formats.tables import Refused
from zimlint.packets import PORT_PROTOCOLS, Family


def check_protocol(module: str, number: int | None, given: bool, written: Sequence[str] = ()) -> None:
    """Refused where ``-p`` does not fit; ``number`` is None where it names none, or all but one."""
    if module in ("ECN", "ecn") and not any(option.startswith("--ecn-tcp") for option in written):
        return
    if module == "multiport" and number not in PORT_PROTOCOLS:
        if given:
            raise Refused("multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP")
        raise Refused("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'")
    needed = PROTOCOL_OF.get(module)
    if needed is None or needed == number:
        return
    if module in ("tcp", "udp"):
        raise Refused(f"{module.upper()} match requires '-p {module}'")
    raise Refused(f"RULE_APPEND failed (Invalid argument): {module} needs another -p")


def check_once(module: str, slots: Sequence[Slot]) -> None:
    """Refused where an option is there twice, which the tool sees while it still reads the line."""
    if module in ("policy", "SET", "rateest"):
        return
    names = [(slot.name, slot.keyword) for slot in slots]
    twice = next((keyword for index, (name, keyword) in enumerate(names) if (name, keyword) in names[:index]), None)
    ports = [slot for slot in slots if slot.name in ("sport", "dport")]
    if len({slot.name for slot in ports}) < len(ports):
        side = "source" if ports[-1].name == "sport" else "destination"
        raise Refused(f"Only one `--{side}-port' allowed")
    if twice:
        raise Refused(f'{module}: option "{twice}" can only be used once.')


def check_options(module: str, slots: Sequence[Slot], known: bool, family: Family) -> None:
    """Refused where a match or target lacks an option, or has one beside another that excludes it."""
    if not known:
        return
    extension = TARGETS[module] if module.isupper() else MATCHES[module]
    written = [slot.keyword for slot in slots]
    six = next((word for word in written if word in ONLY_IPV6), None)
    if six is not None and family is Family.IPV4:
        raise Refused(f'unknown option "{six}"')
    for slot in slots:
        alone = slot.name == "shared_set" or (module == "ecn" and slot.keyword.startswith("--ecn-tcp"))
        if alone and slot.indexes:
            raise Refused(f"Bad argument behind {slot.keyword}, which takes none")
        if slot.negated and (module.isupper() or (module, slot.keyword) in PLAIN):
            raise Refused(f'{module}: option "{slot.keyword}" cannot be inverted.')
    missing = next((needed for needed in extension.needs if needed not in written), None)
    if missing:
        raise Refused(f'{module}: option "{missing}" must be specified')
    if extension.one_of and not any(word in extension.any_of or not extension.any_of for word in written):
        raise Refused(extension.one_of)
    for alternatives in ALTERNATIVES.get(module, ()):
        _check_alternatives(module, [word for word in written if word in alternatives])
    if module == "tcp" and {"--syn", "--tcp-flags"} <= set(written):
        raise Refused("Only one of `--syn' or `--tcp-flags'  allowed")
    lonely = next((word for word in written if ALSO.get(word, word) not in written), None)
    if lonely:
        raise Refused(f'{module}: option "{lonely}" also requires "{ALSO[lonely]}".')


def _check_alternatives(module: str, written: list[str]) -> None:
    if len(written) > 1:
        raise Refused(f'{module}: option "{written[0]}" cannot be used together with "{written[1]}".')

"""``zimlint trace PATH``: what becomes of a packet, line by line.

Invariant: one answer for each packet asked about, in their order, even where a packet is no packet.
"""

from __future__ import annotations

from collections.abc import Iterator

from zimlint.cli.inputs import must_read, read_inputs
from zimlint.cli.options import TraceOptions
from zimlint.cli.output import complain, say
from zimlint.cli.packet_text import packet_of, parse_packet
from zimlint.cli.status import CLEAN, UNUSABLE
from zimlint.formats.iptables_save import as_loaded
from zimlint.host import Host
from zimlint.model import Ruleset, Step
from zimlint.packets import Family, Packet
from zimlint.reporters.words import counted, effect_words, escaped, packet_words, runs
from zimlint.semantics.replay import Replay, replay
from zimlint.source import ConfigError

_VIEWS = ("tree", "dump", "status", "fragment")
"""The view that says most is asked first."""
_CHUNK = 500


def run_trace(options: TraceOptions) -> int:
    """Answer for one packet or for a file of them."""
    batches, unread = read_inputs(options.inputs)
    hosts = [host for batch in batches for host in batch.hosts if host.rulesets]
    if len(hosts) > 1:
        names = ", ".join(escaped(host.name) for host in hosts[:5])
        raise ConfigError(
            f"trace needs one host, but {len(hosts)} are given: {names}{', ...' if len(hosts) > 5 else ''}"
        )
    if not hosts:
        if unread:
            return UNUSABLE
        raise ConfigError("trace needs the rules of a host, but none were given")
    if options.packets is not None:
        good = _answer_all(hosts[0], options.packets, options.format)
    else:
        good = _answer_one(hosts[0], parse_packet(options.packet or ""), options.format)
    return CLEAN if good and not unread else UNUSABLE


def ruleset_for(host: Host, family: Family) -> Ruleset | None:
    """The ruleset of a family that says most, as the real tool would load it; None where the host shows none."""
    known = [ruleset for ruleset in host.rulesets if ruleset.family is family]
    chosen = min(known, key=lambda ruleset: _VIEWS.index(ruleset.view), default=None)
    return None if chosen is None else as_loaded(chosen)


def _answer_one(host: Host, packet: Packet, form: str) -> bool:
    ruleset = ruleset_for(host, packet.family)
    _warn_of_unread(host)
    if ruleset is not None:
        _warn_of_faults(ruleset)
    answer = None if ruleset is None else replay(ruleset, packet)
    if form == "json":
        say(_object(None, packet, answer))
    else:
        say("".join(f"{line}\n" for line in _lines(packet, answer)))
    if answer is None:
        complain(_not_shown(packet.family))
    return answer is not None


def _answer_all(host: Host, file: str, form: str) -> bool:
    import json

    good = True
    answers: list[str] = []
    rulesets = {family: ruleset_for(host, family) for family in Family}
    _warn_of_unread(host)
    for ruleset in rulesets.values():
        if ruleset is not None:
            _warn_of_faults(ruleset)
    for number, line in enumerate(must_read(file).text.split("\n"), 1):
        if not line.strip():
            continue
        name: object = None
        try:
            fields = json.loads(line)
            if not isinstance(fields, dict):
                raise ConfigError("expected a JSON object")
            name = fields.get("id")
            packet = packet_of(fields)
        except (ConfigError, ValueError, RecursionError) as error:
            good = False
            reason = error.message if isinstance(error, ConfigError) else f"not JSON: {error}"
            complain(f"{file}:{number}: {reason}")
            answers.append(
                json.dumps({"id": name, "error": reason}) + "\n" if form == "json" else f"error: {escaped(reason)}\n"
            )
        else:
            ruleset = rulesets[packet.family]
            answer = None if ruleset is None else replay(ruleset, packet)
            if form == "json":
                answers.append(_object(name, packet, answer))
            else:
                answers.append("".join(f"{line}\n" for line in _lines(packet, answer)) + "\n")
        if len(answers) >= _CHUNK:
            say("".join(answers))
            answers.clear()
    say("".join(answers))
    return good


def _warn_of_faults(ruleset: Ruleset) -> None:
    """Say so where the real tool would not load all of it; in a tree the answer is for what was meant."""
    fault = next((problem for problem in ruleset.problems if problem.fatal), None)
    if fault is not None:
        so = "what it loads is traced" if ruleset.view == "dump" else "the files as they are meant are traced"
        place = f"{escaped(fault.span.source.name)}:{fault.span.line}"
        complain(f"{place}: {escaped(fault.message)}: the file does not load as a whole, {so}")


def _warn_of_unread(host: Host) -> None:
    """Say so where lines were not evaluated: the answer is that of the others."""
    for ruleset in host.rulesets:
        if ruleset.unread_lines:
            lines = counted(ruleset.unread_lines, "line")
            complain(f"{escaped(ruleset.source.name)}: {lines} not evaluated: what they do is not in the answer")


def _object(name: object, packet: Packet, answer: Replay | None) -> str:
    import json

    from zimlint.reporters.json_report import steps

    if answer is None:
        found: dict[str, object] = {
            "id": name,
            "verdict": "depends",
            "path": [],
            "depends_on": _not_shown(packet.family),
        }
    else:
        found = {"id": name, "verdict": answer.verdict, "path": steps(answer.path)}
        if answer.verdict == "depends":
            found["depends_on"] = steps(answer.depends_on)
    return json.dumps(found) + "\n"


def _not_shown(family: Family) -> str:
    return f"the {family.title} rules, which were not given"


def _lines(packet: Packet, answer: Replay | None) -> Iterator[str]:
    """The packet, each step with its place, and the verdict last."""
    yield packet_words(packet)
    if answer is None:
        yield f"depends on {_not_shown(packet.family)}"
        return
    rows: list[tuple[str, str, str]] = []
    for run in runs(answer.path):
        lines = f"{run.first}" if run.first == run.last else f"{run.first}-{run.last}"
        place = "" if run.source is None else f"{escaped(run.source.name)}:{lines}"
        rows.append((place, escaped(run.chain), effect_words(run.effect)))
    wide, middle = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    for place, chain, effect in rows:
        yield f"  {place:<{wide}}  {chain:<{middle}}  {effect}"
    if answer.verdict != "depends":
        yield answer.verdict
        return
    for step in answer.depends_on:
        text = "" if step.span is None else step.span.source.line(step.span.line).strip()
        yield f"depends on {_place(step)}: {escaped(text)}"


def _place(step: Step) -> str:
    if step.span is None:
        return escaped(step.chain)
    return f"{escaped(step.span.source.name)}:{step.span.line}"

"""The questions that checks are instances of."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from zimlint.checks import Check
from zimlint.finding import Finding, Note
from zimlint.questions.broad import everything, published, source_port
from zimlint.questions.case import Case
from zimlint.questions.chains import chains
from zimlint.questions.dead import dead
from zimlint.questions.defaults import default, disabled, family
from zimlint.questions.drift import drift
from zimlint.questions.exposed import exposed
from zimlint.questions.flows import flow, required
from zimlint.questions.modes import file_mode
from zimlint.questions.notes import note
from zimlint.questions.outgoing import egress
from zimlint.questions.problems import opaque, problem, setting
from zimlint.questions.profiles import profile
from zimlint.questions.tuples import user_rules
from zimlint.questions.unlisted import protocol_missing, stale, unlisted
from zimlint.questions.ways_in import ahead, locked_out, rate_limit

Question = Callable[[Check, Case], Iterator[Finding] | Iterator[Note]]

QUESTIONS: dict[str, Question] = {
    "chains": chains,
    "dead": dead,
    "default": default,
    "disabled": disabled,
    "drift": drift,
    "everything": everything,
    "exposed": exposed,
    "family": family,
    "flow": flow,
    "note": note,
    "opaque": opaque,
    "problem": problem,
    "profile": profile,
    "protocol_missing": protocol_missing,
    "published": published,
    "required": required,
    "setting": setting,
    "source_port": source_port,
    "stale": stale,
    "unlisted": unlisted,
    "user_rules": user_rules,
    "ahead": ahead,
    "rate_limit": rate_limit,
    "locked_out": locked_out,
    "egress": egress,
    "file_mode": file_mode,
}
"""Name in ``rules/checks/<id>.yaml`` to function."""

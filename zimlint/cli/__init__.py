"""The ``zimlint`` command: the only part that reads files, prints and knows of exit statuses.

Invariant: whatever happens, ``main`` returns a status and no traceback reaches a user who did not ask for one.
Invariant: nothing is imported before the arguments are known to need it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from zimlint.cli.status import CLEAN, INTERRUPTED, OUR_BUG, UNUSABLE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run zimlint with these arguments (default: the process's own) and return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _command(words)
    except SystemExit:  # argparse ends so after --help and --version
        return CLEAN
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # the last resort: everything that has another owner was handled where it arose
        return _failed(error)


def _command(words: list[str]) -> int:
    if words == ["--version"]:
        from zimlint import __version__
        from zimlint.cli.output import say

        say(f"zimlint {__version__}\n")
        return CLEAN

    from zimlint.cli.options import (
        BaselineOptions,
        ExposureOptions,
        InitOptions,
        LintOptions,
        Options,
        TableOptions,
        TraceOptions,
        paths_alone,
    )

    options: Options | None = paths_alone(words)
    if options is None:
        from zimlint.cli.arguments import parse

        options = parse(words)
    match options:
        case LintOptions():
            from zimlint.cli.lint import run_lint

            return run_lint(options)
        case BaselineOptions():
            from zimlint.cli.baseline import run_baseline

            return run_baseline(options)
        case TraceOptions():
            from zimlint.cli.trace import run_trace

            return run_trace(options)
        case ExposureOptions():
            from zimlint.cli.exposure import run_exposure

            return run_exposure(options)
        case InitOptions():
            from zimlint.cli.init import run_init

            return run_init(options)
        case TableOptions("schema"):
            from zimlint.cli.schema import run_schema

            return run_schema()
        case TableOptions("completion", shell):
            from zimlint.cli.completion import run_completion

            return run_completion(shell)
        case TableOptions():
            from zimlint.cli.tables import run_table

            return run_table(options)


def _failed(error: Exception) -> int:
    """Say whose fault it is, in one line."""
    from zimlint.cli.output import complain, warn
    from zimlint.source import ConfigError

    if isinstance(error, ConfigError):
        span = error.span
        place = "" if span is None else f"{span.source.name}:{span.line}:{span.column}: "
        complain(f"{place}{error.message}")
        return UNUSABLE
    if os.environ.get("ZIMLINT_DEBUG"):
        import traceback

        warn("".join(traceback.format_exception(error)))
    what = f"{type(error).__name__}: {error}"
    complain(f"internal error, please report it with the input that shows it (ZIMLINT_DEBUG=1 says more): {what}")
    return OUR_BUG

"""Standard output and standard error.

Invariant: a reader that went away, a full disk or a poor encoding never ends in a traceback.
Invariant: an error is one line, whatever a file or its name holds.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as type checkers know it, without the 10 ms of typing
if TYPE_CHECKING:
    from typing import TextIO


def say(text: str) -> None:
    """Text for standard output."""
    _write(text, sys.stdout)


def warn(text: str) -> None:
    """Text for standard error."""
    _write(text, sys.stderr)


def complain(message: str) -> None:
    """One line on standard error: ``zimlint: message``."""
    from zimlint.reporters.words import escaped

    warn(f"zimlint: {escaped(message)}\n")


def wants_colour(choice: str, stream: TextIO | None) -> bool:
    """Whether to colour: the option, else NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE, else whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):  # https://no-color.org: set and not empty
        return False
    if any(os.environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    if os.environ.get("TERM") == "dumb" or os.environ.get("CLICOLOR") == "0":
        return False
    return stream is not None and stream.isatty()


def terminal_columns(stream: TextIO | None) -> int:
    """How wide the terminal is that a stream goes to; a file or pipe takes what a report needs at most."""
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream is not None and stream.isatty() else 130
    except (OSError, ValueError):
        return 130


def _write(text: str, stream: TextIO | None) -> None:
    if stream is None or not text:  # standard output was closed before we began
        return
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        _silence(stream)
        if stream is sys.stdout:
            from zimlint.source import ConfigError  # not needed to say a version

            raise ConfigError(f"cannot write the output: {error.strerror or error}") from None


def _silence(stream: TextIO) -> None:
    """Let what is still buffered go nowhere, or Python complains when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)

"""Files that zimlint writes: reports and baselines.

Invariant: a file holds all of the old text or all of the new; whatever happens, nothing half-written is left.
"""

from __future__ import annotations

import os
import stat

from zimlint.source import ConfigError


def write_file(path: str, text: str) -> None:
    """Write a file whole. Links are followed; what is no regular file, ``/dev/stdout`` say, is written as it is."""
    target = os.path.realpath(path)
    try:
        mode = stat.S_IMODE(os.stat(target).st_mode) if os.path.exists(target) else None
        if mode is not None and not os.path.isfile(target):
            with open(path, "wb") as file:
                file.write(_encoded(text))
            return
        _replace(target, mode, _encoded(text))
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None


def _replace(target: str, mode: int | None, data: bytes) -> None:
    folder, name = os.path.split(target)
    beside = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        with open(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)
            file.write(data)
        os.replace(beside, target)
    except BaseException:
        os.unlink(beside)
        raise


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")

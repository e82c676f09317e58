"""Runs tasks in order: here, in processes of this machine, or on a dask cluster.

Invariant: results come in the order of the tasks, and only so many tasks are held at a time.
Invariant: a process that dies takes its own host with it, and no other.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor

from zimlint import __version__
from zimlint.cli.fleet.unit import Failure, Task, lint_unit, ready
from zimlint.cli.options import LintOptions
from zimlint.source import ConfigError

_AHEAD = 4
"""Tasks in flight for each process."""
_WAIT = 10
"""Seconds in which a scheduler has to answer."""

Result = bytes | Failure


def results(tasks: Iterable[Task], options: LintOptions) -> Iterator[Result]:
    """The result of each task."""
    if options.executor is not None:
        yield from _on_dask(tasks, options.executor)
        return
    workers = options.jobs or _cores()
    if workers == 1:
        yield from map(lint_unit, tasks)
    else:
        yield from _in_order(tasks, lambda: _processes(workers), workers)


def _in_order(tasks: Iterable[Task], start: Callable[[], Executor], workers: int) -> Iterator[Result]:
    executor = start()
    flying: deque[tuple[Task, Future[Result]]] = deque()
    try:
        for task in tasks:
            try:
                flying.append((task, executor.submit(lint_unit, task)))
            except BrokenExecutor:
                yield from _one_by_one([*(one for one, _ in flying), task])
                flying.clear()
                executor = start()
            if len(flying) >= _AHEAD * workers:
                yield from _first(flying)
                if not flying:
                    executor = start()
        while flying:
            yield from _first(flying)
    finally:
        for _, future in flying:
            future.cancel()
        executor.shutdown()  # a process that is not waited for would outlive us


def _first(flying: deque[tuple[Task, Future[Result]]]) -> Iterator[Result]:
    """The next result; of all in flight, where a process died with one of them."""
    task, future = flying[0]
    try:
        result = future.result()
    except BrokenExecutor:
        held = [one for one, _ in flying]
        flying.clear()
        yield from _one_by_one(held)
    except Exception as error:  # of a cluster: whatever it was, it was this host's
        flying.popleft()
        yield Failure(task.group.name, f"{type(error).__name__}: {error}")
    else:
        flying.popleft()
        yield result


def _one_by_one(tasks: Iterable[Task]) -> Iterator[Result]:
    """Each in a process of its own."""
    for task in tasks:
        with _processes(1) as executor:
            try:
                yield executor.submit(lint_unit, task).result()
            except BrokenExecutor:
                yield Failure(task.group.name, "the process that linted it died")


def _processes(workers: int) -> Executor:
    # a fork has everything loaded already, and nothing runs beside us that it could break
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    return ProcessPoolExecutor(workers, context, _ignore_interrupts)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _ignore_interrupts() -> None:
    """Ctrl-C ends the command, which ends its processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _on_dask(tasks: Iterable[Task], url: str) -> Iterator[Result]:
    scheme, _, address = url.partition("://")
    if scheme != "dask" or not address:
        raise ConfigError(f"--executor is dask://HOST:PORT, not '{url}'")
    try:
        from distributed import Client
    except ImportError:
        raise ConfigError("--executor dask://... needs dask: pip install 'zimlint[dask]'") from None
    try:
        client = Client(f"tcp://{address}", timeout=_WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"no dask scheduler answers at {address}: {str(error).splitlines()[0]}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_WAIT)
        except TimeoutError:
            raise ConfigError(f"the dask scheduler at {address} has no workers") from None
        try:
            versions = set(client.run(version).values())
        except Exception as error:  # it is raised there, and may be anything
            raise ConfigError(f"the dask workers at {address} cannot run zimlint: {error}") from None
        if versions != {__version__}:
            raise ConfigError(f"the dask workers at {address} run zimlint {', '.join(versions)}, not {__version__}")
        # a worker elsewhere has other files, or none: tasks carry their texts
        yield from _in_order(map(ready, tasks), client.get_executor, sum(client.ncores().values()))


def version() -> str:
    """Of the zimlint that a worker has."""
    return __version__

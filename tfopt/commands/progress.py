"""A progress bar on standard error: only on a terminal, only when the work takes over a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Report = Callable[[int, int, str], None]  # steps done, steps in all, what is being done
PATIENCE_S = 1.0


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Report]:
    """Yield a function that takes `(done, total, what)` and draws when it is worth drawing."""
    bar = _Bar(enabled=not quiet and sys.stderr.isatty())
    try:
        yield bar.report
    finally:
        bar.close()


class _Bar:
    def __init__(self, *, enabled: bool):
        self._enabled = enabled
        self._since = time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def report(self, done: int, total: int, what: str) -> None:
        if not self._enabled or time.monotonic() - self._since < PATIENCE_S:
            return
        if self._progress is None or self._task is None:
            from rich.console import Console
            from rich.progress import Progress

            self._progress = Progress(console=Console(stderr=True), transient=True)
            self._task = self._progress.add_task(what, total=total)
            self._progress.start()
        self._progress.update(self._task, completed=done, total=total, description=what)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()

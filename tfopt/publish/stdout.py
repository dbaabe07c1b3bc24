"""Standard output as a publisher: the same bytes everywhere, quiet when the reader has left."""

from __future__ import annotations

import os
import sys


def publish_stdout(text: str) -> None:
    """Write `text` as UTF-8, line ends untouched; a closed pipe (`| head`) is no error."""
    data = text.encode("utf-8", "surrogateescape")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # the interpreter flushes once more at exit: give it somewhere to write
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

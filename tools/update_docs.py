"""Puts the real output of commands into the documentation, so that it is never typed by hand.

    python tools/update_docs.py

A fenced block below `<!-- output of: COMMAND -->` holds what COMMAND prints, run in the folder of
the document. `<!-- output of: COMMAND | A..B -->` keeps only the lines from the first that contains
A to the next that contains B. The tests compare the same blocks with the same commands.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import coverage_page  # noqa: E402

DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "docs" / "cli.md",
    ROOT / "docs" / "simulate.md",
    ROOT / "examples" / "web-shop" / "README.md",
)
_BLOCK = re.compile(
    r"<!-- output of: (?P<command>.+?)(?: \| (?P<first>.+?)\.\.(?P<last>.+?))? -->\n"
    r"(?P<fence>`{3,})(?P<language>\w*)\n(?P<body>.*?)(?P=fence)\n",
    re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One documented output: the command, where it runs, what the document shows."""

    command: str
    folder: Path
    first: str | None
    last: str | None
    body: str

    def fresh(self) -> str:
        """Return what the command prints now, cut as the document cuts it."""
        text = output(self.command, self.folder)
        if self.first is None or self.last is None:
            return text
        begin = text.rfind("\n", 0, text.index(self.first)) + 1
        end = text.index("\n", text.index(self.last, begin)) + 1
        return text[begin:end]


@cache
def output(command: str, folder: Path) -> str:
    """Return the standard output of a documented `tfopt …` command.

    Raises:
        SystemExit: it fails, or it is no tfopt command.
    """
    program, *arguments = shlex.split(command)
    if program != "tfopt":
        sys.exit(f"only tfopt commands are run for the documentation: {command}")
    done = subprocess.run(
        [sys.executable, "-m", "tfopt", *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{command}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def blocks(document: Path) -> Iterator[tuple[re.Match[str], Block]]:
    """Yield the documented outputs of one document with their places."""
    for match in _BLOCK.finditer(document.read_text(encoding="utf-8")):
        yield (
            match,
            Block(
                command=match["command"],
                folder=document.parent,
                first=match["first"],
                last=match["last"],
                body=match["body"],
            ),
        )


def updated(document: Path) -> str:
    """Return the document with every block as its command prints it now."""
    text = document.read_text(encoding="utf-8")
    for match, block in reversed(list(blocks(document))):
        text = text[: match.start("body")] + block.fresh() + text[match.end("body") :]
    return text


def main() -> None:
    """Rewrite every document whose outputs have changed."""
    coverage_page.main()
    for document in DOCUMENTS:
        text = updated(document)
        if text != document.read_text(encoding="utf-8"):
            document.write_text(text, encoding="utf-8")
            print(f"updated {document.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

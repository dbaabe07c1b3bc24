"""Where a comment goes that may not be posted: the step's summary, else standard output."""

from __future__ import annotations

from pathlib import Path

from tfopt.errors import TfoptError
from tfopt.publish.pull_request.cut import cut, utf8_bytes
from tfopt.publish.pull_request.environment import Environment
from tfopt.publish.stdout import publish_stdout

_LIMIT = 1024 * 1024  # bytes of one step's summary, all that its commands write together
_SENTENCE = (
    "**Cut to fit the step summary:** `tfopt recommend --format markdown` prints everything."
)


def show_instead(text: str, environment: Environment) -> str:
    """Put the text where the run's readers look, and return where that is.

    Raises:
        TfoptError: the step's summary cannot be written.
    """
    summary = environment.get("GITHUB_STEP_SUMMARY")
    if not summary:
        publish_stdout(text)
        return "standard output"
    path = Path(summary)
    try:
        taken = path.stat().st_size if path.exists() else 0
        before = "\n" if taken else ""
        room = _LIMIT - taken - len(before)
        if room < utf8_bytes(_SENTENCE) + 4:
            publish_stdout(text)
            return "standard output (the step summary is full)"
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(before + cut(text, room, _SENTENCE, size=utf8_bytes))
    except OSError as error:
        raise TfoptError(
            f"cannot be written: {error.strerror or error}", where="GITHUB_STEP_SUMMARY"
        ) from error
    return "the step summary"

"""Asks the real `terraform console`, and this evaluator, what expressions give."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tfopt.hcl.configuration import Configuration
from tfopt.hcl.document import Document
from tfopt.hcl.functions.encoding import to_json
from tfopt.hcl.scopes import Frame
from tfopt.hcl.sources import Module, Sources
from tfopt.hcl.values import Value, first_unknown

FAILS, UNKNOWN, SENSITIVE, NO_JSON = "fails", "unknown", "sensitive", "infinite"
"""What an expression gives besides the JSON of its value."""

_LOCAL = """
  r{i} = try(base64encode(jsonencode(
{e}
)), can([
{e}
]) ? "infinite" : "fails")"""


def ask_terraform(
    expressions: Sequence[str], folder: Path, env: Mapping[str, str], declared: str = ""
) -> list[str]:
    """Return the answers of one `terraform console`, and of a few more where one knows nothing.

    Args:
        expressions: what is asked.
        folder: an empty folder to work in.
        env: its environment.
        declared: what else the configuration holds.
    """
    asked = "".join(_LOCAL.format(i=i, e=e) for i, e in enumerate(expressions))
    (folder / "main.tf").write_text(f"{declared}\nlocals {{{asked}\n}}\n", encoding="utf-8")
    line = f"jsonencode([{', '.join(f'local.r{i}' for i in range(len(expressions)))}])\n"
    done = subprocess.run(
        ["terraform", "console"],
        cwd=folder,
        env=dict(env),
        input=line,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    words = {"(known after apply)": UNKNOWN, "(sensitive value)": SENSITIVE}
    if done.stdout.strip() not in words:
        return [_decoded(answer) for answer in json.loads(json.loads(done.stdout))]
    if len(expressions) == 1:
        return [words[done.stdout.strip()]]
    half = len(expressions) // 2
    parts = (expressions[:half], expressions[half:])
    return [answer for part in parts for answer in ask_terraform(part, folder, env, declared)]


def _decoded(answer: str) -> str:
    if answer in (FAILS, NO_JSON):
        return answer
    return base64.b64decode(answer).decode()


def evaluate(expression: str, declared: str = "") -> Value:
    """Return what this evaluator gives."""
    source = f"{declared}\nlocals {{\n  it = {expression}\n}}\n"
    document = Document(Path("main.tf"), "main.tf", source.encode())
    module = Module("", ".", (document,))
    configuration = Configuration(Sources(module, (), lambda *_: "no modules here"), {})
    return configuration.evaluate(module.locals["it"].expr, Frame(configuration.root))


def answer(expression: str, declared: str = "") -> str:
    """Return this evaluator's answer in the form of Terraform's."""
    value = evaluate(f"try([\n{expression}\n], null)", declared)
    found = first_unknown([value])
    if found is not None:
        return SENSITIVE if found.reason == "sensitive" else UNKNOWN
    if value.data is None:
        return FAILS
    assert isinstance(value.data, tuple)
    return to_json(value.data[0])

"""The documentation is run: its commands are CI's, its output is real, its links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import shlex
import string
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import click
import pytest
import yaml
from pydantic import BaseModel

from tfopt.cli import cli
from tfopt.pricing import load_book
from tfopt.settings import DefaultsTable, DemandTable, SloTable, WorkloadTable

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROSE = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "examples/*/*.md", "policies/*.md")
    for path in ROOT.glob(pattern)
)
_FENCED = re.compile(r"^(`{3,}).*?^\1", re.DOTALL | re.MULTILINE)
_OPENING = frozenset("-" + string.ascii_lowercase)  # of a verb or an option
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_DIGEST = re.compile(r"(?<=policy planner \()[0-9a-f]{8}(?=\))")  # another with every training
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?)?")


def _load_update_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("update_docs", ROOT / "tools" / "update_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


update_docs = _load_update_docs()
BLOCKS = [
    pytest.param(block, id=f"{document.parent.name}: {block.command}")
    for document in update_docs.DOCUMENTS
    for _, block in update_docs.blocks(document)
]


def shell_commands(text: str) -> list[str]:
    """Return the lines of all `sh` blocks."""
    return [
        line
        for body in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for line in body.splitlines()
        if line and not line.startswith("#")
    ]


def test_first_two_commands_of_the_readme_are_what_ci_runs() -> None:
    """CI types the README's own two lines: the example after a plain install, then the tests."""
    first, second, *_ = shell_commands(README)
    ci = (ROOT / ".ci" / "run").read_text().splitlines()
    assert first in ci
    assert ci[-1] == second, "the last thing CI prints is the summary of the tests"
    assert "tfopt recommend examples/web-shop/plan.json" in first
    assert second.endswith(".venv/bin/pytest")


@pytest.mark.parametrize("block", BLOCKS)
def test_documented_output_is_what_the_command_prints(block: update_docs.Block) -> None:
    """But for dates, last digits and the policy's digest; `tools/update_docs.py` renews it."""
    shown, fresh = _lasting(block.body), _lasting(block.fresh())
    assert shown.strip(), "run python tools/update_docs.py"
    assert _words(shown) == _words(fresh)
    pairs = zip(_figures(shown), _figures(fresh), strict=True)
    assert not [(a, b) for a, b in pairs if abs(a - b) > 0.02 * max(abs(a), abs(b), 1)]


def _lasting(text: str) -> str:
    """Return the text without what changes though the answer is the same."""
    return _DIGEST.sub("DIGEST", _TIME.sub("DATE", text))


def _words(text: str) -> list[str]:
    return _NUMBER.sub("0", text).split()


def _figures(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in _NUMBER.findall(text)]


@pytest.mark.parametrize("document", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    """Every relative link names a file or folder of the checkout."""
    text = _FENCED.sub("", document.read_text(encoding="utf-8"))
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and "://" not in target]
    assert not [target for target in local if not (document.parent / target).exists()]


def documented_calls() -> list[str]:
    """Return every `tfopt …` call in the shell blocks and inline code of the documents."""
    found: set[str] = set()
    for document in PROSE:
        text = document.read_text(encoding="utf-8")
        parts = shell_commands(text) + re.findall(r"`([^`\n]+)`", text)
        for part in parts:
            for call in re.split(r"&&|\|(?!\|)|;", part):
                words = call.split()
                if len(words) > 1 and words[0].endswith("tfopt") and words[1][0] in _OPENING:
                    found.add(call.strip())
    return sorted(found)


@pytest.mark.parametrize("call", documented_calls())
def test_documented_call_is_one_the_command_line_takes(call: str) -> None:
    """Verb and options of every documented call exist, and their values are accepted."""
    words = [word for word in shlex.split(call)[1:] if word not in {"…", "..."}]
    words = words[: words.index(">")] if ">" in words else words
    if words[0].startswith("-"):
        assert words[0] in {"--help", "--version"}
        return
    command = cli.get_command(click.Context(cli), words[0])
    assert command is not None, f"no verb {words[0]}"
    if words[1:]:
        command.make_context(words[0], words[1:])


def test_documented_hook_arguments_are_accepted() -> None:
    """The hooks' defaults and the configuration in the README are calls that tfopt takes."""
    hooks = {
        hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    }
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    configured = yaml.safe_load(shown)["repos"][0]["hooks"]
    assert configured
    for hook in (*hooks.values(), *configured):
        entry, files = hooks[hook["id"]]["entry"].split(), hooks[hook["id"]]["pass_filenames"]
        command = cli.get_command(click.Context(cli), entry[1])
        assert command is not None
        command.make_context(entry[1], [*hook.get("args", []), *(["main.tf"] if files else [])])


def test_readme_states_the_prices_the_book_holds() -> None:
    """The dates in the README are those of the price book, cloud by cloud."""
    book = load_book()
    for cloud, name in (("aws", "AWS us-east-1 as of"), ("gcp", "GCP"), ("azure", "Azure")):
        assert f"{name} {book.date_of(cloud)}" in " ".join(README.split())


@pytest.mark.parametrize("table", [DefaultsTable, WorkloadTable, DemandTable, SloTable])
def test_every_key_of_the_settings_has_its_row(table: type[BaseModel]) -> None:
    """Each table of the reference names the keys of its settings, all of them and no others."""
    reference = (ROOT / "docs" / "tfopt-toml.md").read_text(encoding="utf-8")
    name = table.__name__.removesuffix("Table").lower()
    (section,) = re.findall(rf"^## `\[*{name}\]*`:.*?(?=^## )", reference, re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(table.model_fields)


def test_extras_named_in_the_readme_exist() -> None:
    """Whoever follows `pip install -e '.[dev]'` gets the tools CI uses."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert {"dev", "train"} <= set(extras)
    installed = {re.split(r"[<>=\[]", line)[0] for line in extras["dev"]}
    assert {"pytest", "ruff", "mypy", "import-linter", "pre-commit", "build"} <= installed

"""`tfopt set`: make one attribute a value, wherever it comes from: no advice, the proven edit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tfopt.commands.completing import addresses, files
from tfopt.commands.options import common_options, source_options, tell, verify_option
from tfopt.commands.verifying import verified
from tfopt.plan.model import SIZING

if TYPE_CHECKING:
    from tfopt.patching.setting import Setting
    from tfopt.patching.verify import Verification


@click.command(
    context_settings={"ignore_unknown_options": True},  # -3 is a value, if a bad one
    epilog="""\b
Examples:
  tfopt set plan.json aws_autoscaling_group.web instance_type m7a.large | git apply
  tfopt set plan.json 'module.shop["paris"].aws_autoscaling_group.web' target_cpu 0.6 --write
  tfopt set tf.plan aws_eks_node_group.apps min_size 3 --var-file prod.tfvars --format json
""",
)
@click.argument("plan", shell_complete=files)
@click.argument("address", shell_complete=addresses)
@click.argument("attribute", type=click.Choice(SIZING))
@click.argument("value")
@source_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["diff", "json"]),
    default="diff",
    show_default=True,
    help="A unified diff, or the edit with everything else that moves.",
)
@click.option("--write", is_flag=True, help="Make the edit in place instead of printing it.")
@verify_option
@common_options
def command(
    *,
    format_: str,
    write: bool,
    verify: bool,
    quiet: bool,
    var_files: tuple[Path, ...],
    **wish: Any,
) -> None:
    """Make ATTRIBUTE of the group ADDRESS the VALUE, wherever in the sources it comes from.

    Only the literal that decides it is changed, and only after evaluation has shown that it gives
    exactly VALUE. What else moves with it is listed on standard error. Where no edit can do it, the
    reason is told, nothing is printed or written, and the exit code is 1. VALUE of target_cpu is a
    share: 0.6.
    """
    from tfopt.commands.progress import progress_bar
    from tfopt.patching.setting import Wish, make_setting
    from tfopt.publish import publish_stdout, write_patch

    asked = Wish(var_files=var_files, **wish)
    setting = make_setting(asked)
    proof = None
    if verify and setting.patch.files:
        with progress_bar(quiet=quiet) as progress:
            proof = verified(setting.replan(asked), progress)
    text = _json(setting, proof) if format_ == "json" else "" if write else _diff(setting)
    if write:
        write_patch(setting.patch)
        for edit in setting.edits:
            tell(quiet, f"wrote {edit.file}:{edit.line}: {edit.old or 'nothing'} → {edit.new}")
    publish_stdout(text)
    for moved in setting.also_moves:
        tell(quiet, moved if moved.startswith("may move") else f"also moves: {moved}")
    for note in (*_above(text), *setting.notes, *(proof.lines() if proof else ())):
        tell(quiet, note)


def _diff(setting: Setting) -> str:
    return setting.patch.unified(Path.cwd())


def _above(text: str) -> Iterator[str]:
    """Remark on a diff that names files outside the working directory: git takes none."""
    if "\n+++ b/../" in text:
        yield "git apply takes no files above its folder: run tfopt from the repository's root"


def _json(setting: Setting, proof: Verification | None) -> str:
    answer = {
        "schema_version": 1,
        "edits": [edit.model_dump() for edit in setting.edits],
        "also_moves": list(setting.also_moves),
        "notes": list(setting.notes),
        "verification": proof.as_json() if proof else None,
    }
    return json.dumps(answer, indent=2, ensure_ascii=False) + "\n"

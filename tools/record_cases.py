"""Records the plans of tests/cases/terraform with the real Terraform: `record_cases.py [NAME…]`.

Writes `plan.json` of each case. With --replans, once the plans are there: runs `tfopt set` for each
expectation that has a patch and writes `replans.json`: a digest of the patched sources, and what
Terraform then planned differently.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.batches import Batch, batches  # noqa: E402
from tests.support.referee import objections, offline_env, plan  # noqa: E402
from tests.support.terraform_cases import (  # noqa: E402
    NAMES,
    Case,
    delta,
    digest,
    load,
)


def record_plan(name: str, env: Mapping[str, str], scratch: Path) -> str:
    """Plan a case and keep the plan; return what went wrong."""
    case = load(name)
    try:
        shown = plan(case, case.copy(scratch / name), env)
    except AssertionError as error:
        return str(error)
    write(case.home / "plan.json", shown, indent=None)
    return ""


def record_replans(name: str, env: Mapping[str, str], scratch: Path) -> str:
    """Plan a case with each batch of its patches, keep what changed; return what went wrong."""
    case = load(name)
    told, wrong = [], []
    for i, batch in enumerate(batches(case, scratch / name)):
        try:
            told.append(replan(case, batch, env, scratch / f"{name}-{i}"))
        except AssertionError as error:
            wrong.append(f"{name}: {batch.names}: {error}")
    write(case.home / "replans.json", told, indent=1)
    return "\n".join(wrong)


def replan(case: Case, batch: Batch, env: Mapping[str, str], copy: Path) -> dict[str, Any]:
    """Plan a case with a batch of its patches, and return what is kept of the plan."""
    batch.write(copy)
    after = plan(case, copy, env)
    found = [objections(each, case.plan, after) for each in batch.answers]
    assert not all(found), found
    return {
        "asked": batch.names,
        "digest": digest(batch.files),
        "delta": delta(case.plan, after),
    }


def write(path: Path, content: object, indent: int | None) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=indent) + "\n", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--replans", action="store_true", help="plan with the patches instead")
    parser.add_argument("--missing", action="store_true", help="only plans not recorded yet")
    choices = parser.parse_args()
    names = choices.names or NAMES
    if choices.missing:
        names = [name for name in names if not (load(name).home / "plan.json").is_file()]
    scratch = Path(tempfile.mkdtemp())
    env = offline_env(scratch / "init", {**os.environ, "CHECKPOINT_DISABLE": "1"})
    step = record_replans if choices.replans else record_plan
    failed = False
    with ThreadPoolExecutor(2) as pool:
        for wrong in pool.map(partial(step, env=env, scratch=scratch), names):
            failed = failed or bool(wrong)
            print(wrong or ".", end="\n" if wrong else "", flush=True)
    shutil.rmtree(scratch)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

"""How many Terraform files our reader reads, and how fast, beside python-hcl2 in the same run.

    python benchmarks/hcl_reading.py [FOLDER …]

Reads every .tf, .tfvars, .tf.json and .tfvars.json below the folders (default: this repository's
examples and test cases): once into blocks, once with every expression built. Megabytes per second
of process time, the best of `--repeat` runs; python-hcl2 gets a sample, since it is slow. Exit 1
where a file is not read or the tree with all expressions is made at less than 2 MB/s.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tfopt.errors import TfoptError
from tfopt.hcl.document import BOM, Document, role_of
from tfopt.hcl.sources import read_body
from tfopt.hcl.syntax import Body
from tfopt.hcl.tree import read_hcl

ROOT = Path(__file__).resolve().parent.parent
ENDINGS = (".tf", ".tfvars", ".tf.json", ".tfvars.json")
SAMPLE_MB = 0.5  # for python-hcl2
LIMIT_MB_PER_S = 2.0


def documents(folders: Sequence[Path]) -> list[Document]:
    """Return every Terraform file below the folders."""
    paths = (path for folder in folders for path in sorted(folder.rglob("*")))
    return [
        Document(path, path.name, path.read_bytes(), role=role_of(path))
        for path in paths
        if path.name.endswith(ENDINGS) and path.is_file()
    ]


def build_all(body: Body) -> None:
    """Build every expression."""
    for attribute in body.attributes.values():
        _ = attribute.expr
    for block in body.blocks:
        build_all(block.body)


def unread(found: Sequence[Document]) -> list[str]:
    """Return what is said of the files that are not read into the typed tree."""
    said: list[str] = []
    for document in found:
        try:
            build_all(read_body(document))
        except TfoptError as error:
            said.append(str(error))
    return said


def megabytes(found: Sequence[Document]) -> float:
    """Return the size of files."""
    return sum(len(document.data) for document in found) / 1e6


def speed(read: Callable[[Document], object], found: Sequence[Document], repeat: int) -> float:
    """Return megabytes per second of process time, the best of some runs."""

    def once() -> float:
        begin = time.process_time()
        for document in found:
            read(document)
        return time.process_time() - begin

    return megabytes(found) / min(once() for _ in range(repeat))


def sample(found: Sequence[Document]) -> list[Document]:
    """Return files of half a megabyte in all, picked at random but always the same."""
    shuffled = random.Random(3).sample(list(found), len(found))
    picked: list[Document] = []
    while shuffled and megabytes(picked) < SAMPLE_MB:
        picked.append(shuffled.pop())
    return picked


def witness(document: Document) -> object:
    """Read a file with python-hcl2; None where it cannot."""
    import hcl2
    from lark.exceptions import LarkError

    try:
        return hcl2.loads(document.data.removeprefix(BOM).decode())
    except (LarkError, ValueError, TypeError, LookupError, AttributeError, RuntimeError):
        return None


def main() -> int:
    """Measure, print the figures, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--repeat", type=int, default=20)  # a run takes 10 ms
    options = parser.parse_args()
    found = documents(options.folders or [ROOT / "examples", ROOT / "tests" / "cases"])
    failed = unread(found)
    native = [document for document in found if document.syntax == "hcl"]
    few = sample(native)
    witness(few[0])  # makes its grammar cache
    ours = {
        "blocks": speed(read_hcl, native, options.repeat),
        "blocks and every expression": speed(
            lambda document: build_all(read_hcl(document)), native, options.repeat
        ),
    }
    beside = speed(lambda document: build_all(read_hcl(document)), few, options.repeat)
    theirs = speed(witness, few, 1)
    share = 1 - len(failed) / len(found)
    print(f"{len(found)} files, {megabytes(found):.2f} MB: {share:.3%} read")
    for what, figure in ours.items():
        print(f"{what}: {figure:.2f} MB/s")
    print(
        f"python-hcl2, a sample of {len(few)} files: {theirs:.3f} MB/s; "
        f"ours on the same: {beside:.2f} MB/s, {beside / theirs:.0f} times as fast"
    )
    for line in failed[:20]:
        print(f"not read: {line}", file=sys.stderr)
    return int(bool(failed) or ours["blocks and every expression"] < LIMIT_MB_PER_S)


if __name__ == "__main__":
    sys.exit(main())

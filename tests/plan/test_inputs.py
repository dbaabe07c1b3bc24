"""What users hand over as a plan is read, with a warning, or refused in a line of its own."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_builder import change, document, read

from tfopt.errors import TfoptError
from tfopt.plan.read import read_plan

PLAN = document(
    [change("aws_instance.web", {"instance_type": "m5.large"})], values={"größe": {"value": 1}}
)
TEXT = json.dumps(PLAN, ensure_ascii=False)
PRETTY = json.dumps(PLAN, indent=2)
WRAPPED = f"[command]/tmp/terraform-bin show -json plan.tfplan\n{TEXT}\n::debug::exit code 0\n"

READ = {
    "plain": (TEXT.encode(), None),
    "sorted keys": (json.dumps(PLAN, sort_keys=True).encode(), None),
    "CRLF": (PRETTY.replace("\n", "\r\n").encode(), None),
    "UTF-8 byte order mark": (TEXT.encode("utf-8-sig"), "byte order mark"),
    "UTF-16 with mark": (TEXT.encode("utf-16"), "UTF-16"),
    "UTF-16 little endian": (TEXT.encode("utf-16-le"), "UTF-16"),
    "UTF-16 big endian": (TEXT.encode("utf-16-be"), "UTF-16"),
    "wrapper lines": (WRAPPED.encode(), "around the plan"),
    "wrapper lines, indented": (f"terraform show\n{PRETTY}\n".encode(), "around the plan"),
    "trailing junk": (f"{TEXT}%0A\n::set-output name=exitcode::0".encode(), "after the plan"),
    "several documents": (f"{TEXT}\n{TEXT}\n".encode(), "several JSON documents"),
    "double quotes around": (json.dumps(TEXT).encode(), "quotes"),
    "bare quotes around": (f"'{TEXT}'\n".encode(), "quotes"),
    "under a key": (json.dumps({"sha": "1", "tfplan": PLAN}).encode(), "`tfplan`"),
    "as a string under a key": (json.dumps({"plan_json": TEXT}).encode(), "`plan_json`"),
    "in a list": (json.dumps([PLAN]).encode(), "first item"),
    "Windows-1252": (TEXT.encode("cp1252"), "Windows-1252"),
    "no version": (
        json.dumps({k: v for k, v in PLAN.items() if k != "format_version"}).encode(),
        "no plan format version",
    ),
}


@pytest.mark.parametrize("name", READ)
def test_odd_input_is_read(name: str, tmp_path: Path) -> None:
    """Every odd form of the same plan gives the same group; what was odd is told."""
    data, words = READ[name]
    plan = read(tmp_path, data)
    assert [group.slots[0].instance_type for group in plan.groups] == ["m5.large"]
    if words is None:
        assert plan.warnings == ()
    else:
        assert any(words in warning for warning in plan.warnings)


EVENTS = '{"@level":"info","@message":"Terraform 1.11.4","type":"version"}\n{"@level":"info"}\n'
HUMAN = (
    "\x1b[1mTerraform will perform the following actions:\x1b[0m\n  # aws_instance.web will be\n"
)
REFUSED = {
    "empty": (b"", "is empty"),
    "only blanks": (b" \n\n", "is empty"),
    "only a mark": (b"\xef\xbb\xbf", "is empty"),
    "truncated": (TEXT[: len(TEXT) // 2].encode(), "ends in the middle"),
    "broken": (PRETTY.replace(",\n", "\n", 1).encode(), "not valid JSON (at byte"),
    "event stream": (EVENTS.encode(), "event stream"),
    "state": (b'{"format_version":"1.0","values":{"root_module":{}}}', "this is state"),
    "raw state": (b'{"version":4,"serial":3,"lineage":"x","resources":[]}', "tfstate"),
    "human text": (HUMAN.encode(), "text for people"),
    "human text, no changes": (b"\nNo changes. Your infrastructure matches\n", "text for people"),
    "sentinel mock": (b'terraform_version = "1.1.3"\n\nplanned_values = {\n', "Sentinel mock"),
    "source": (b'resource "aws_instance" "web" {\n}\n', "Terraform source"),
    "terraform's error": ("╷\n│ Error: No configuration files\n".encode(), "error message"),
    "schema": (b'{"$schema":"http://json-schema.org","properties":{}}', "JSON schema"),
    "provider schemas": (b'{"format_version":"1.0","provider_schemas":{}}', "provider schemas"),
    "other JSON": (b'{"hello": 1}', "JSON, but not a plan"),
    "a number": (b"17", "not JSON"),
    "prose": (b"hello there", "not JSON"),
    "binary": (b"\x7fELF\x00\x01\x02\x03abcd\xff\xfe", "binary file"),
    "deep": (b'{"format_version":"1.2","resource_changes":' + b"[" * 100_000, "nested deeper"),
    "misshapen": (b'{"format_version":"1.2","resource_changes":{}}', "at $.resource_changes"),
    "future format": (TEXT.replace('"1.2"', '"2.0"').encode(), "version 2.0 is not supported"),
    "ancient format": (TEXT.replace('"1.2"', '"0.0"').encode(), "version 0.0 is not supported"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_input_is_refused_by_name(name: str, tmp_path: Path) -> None:
    """Each thing that is no plan is named in one line, with a hint, and never quoted."""
    data, words = REFUSED[name]
    with pytest.raises(TfoptError) as caught:
        read(tmp_path, data)
    line = str(caught.value)
    assert words in line
    assert "\n" not in line
    assert caught.value.hint
    assert caught.value.hint[0].isupper()
    assert ": Run" not in caught.value.hint
    assert line.startswith(str(tmp_path))


def test_refusals_differ() -> None:
    """Kinds of input that need different remedies do not share a message."""
    messages = [words for _, words in REFUSED.values()]
    assert len(set(messages)) >= 15


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0", "1.2", "1.99"])
def test_versions_from_0_1_to_below_2_are_read(version: str, tmp_path: Path) -> None:
    """Formats of Terraform 0.12 to the last 1.x are read, and told."""
    assert read(tmp_path, {**PLAN, "format_version": version}).format_version == version


def test_missing_file_and_folder(tmp_path: Path) -> None:
    """A path that is no file is told as what it is."""
    with pytest.raises(TfoptError, match="no such file"):
        read_plan(tmp_path / "none.json")
    with pytest.raises(TfoptError, match="a folder, not a plan"):
        read_plan(tmp_path)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads standard input and calls it so in messages."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert read_plan("-").path == "-"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(TfoptError, match="standard input: the file is empty"):
        read_plan("-")


def saved(**entries: bytes) -> bytes:
    """Return a zip with the given entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_saved_plan_needs_terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without terraform a saved plan is refused with the command that turns it into JSON."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TfoptError, match=r"terraform show -json plan\.json > plan\.json"):
        read(tmp_path, saved(tfplan=b"\x08\x03"))


@pytest.mark.parametrize(
    ("initialised", "wanted"),
    [
        (("plans", "infra", "cwd"), "plans"),
        (("infra", "cwd"), "infra"),
        (("cwd",), "cwd"),
        ((), "plans"),
    ],
)
def test_where_a_saved_plan_is_shown(
    initialised: tuple[str, ...], wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terraform runs where its providers are: beside the plan, the sources, or here."""
    for name in ("plans", "infra", "cwd", "bin"):
        (tmp_path / name).mkdir()
    for name in initialised:
        (tmp_path / name / ".terraform").mkdir()
    (tmp_path / "plan.json").write_text(TEXT)
    tool = tmp_path / "bin" / "terraform"
    tool.write_text(f"#!/bin/sh\npwd > {tmp_path}/ran-in\n/bin/cat {tmp_path}/plan.json\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("TF_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path / "cwd")
    plan = tmp_path / "plans" / "tf.plan"
    plan.write_bytes(saved(tfplan=b"\x08\x03"))
    assert read_plan(plan, Path("../infra")).path == str(plan)
    assert (tmp_path / "ran-in").read_text().strip() == str(tmp_path / wanted)


def test_other_zip_is_refused(tmp_path: Path) -> None:
    """A zip without a plan in it, and one cut short, are told apart."""
    with pytest.raises(TfoptError, match="holds no saved plan"):
        read(tmp_path, saved(readme=b"hello"))
    with pytest.raises(TfoptError, match="damaged or cut short"):
        read(tmp_path, saved(tfplan=b"\x08\x03" * 99)[:60])


def test_opentofu_and_completeness(tmp_path: Path) -> None:
    """OpenTofu shows by its registry; `complete: false` is kept; its absence means complete."""
    tofu = json.loads(TEXT.replace("registry.terraform.io", "registry.opentofu.org"))
    del tofu["complete"]
    assert (read(tmp_path, tofu).tool, read(tmp_path, tofu).complete) == ("opentofu", True)
    assert read(tmp_path, PLAN).tool == "terraform"
    assert read(tmp_path, {**PLAN, "complete": False}).complete is False
    errored = read(tmp_path, {**PLAN, "errored": True})
    assert errored.complete is False
    assert any("error" in warning for warning in errored.warnings)


def read_or_refused(folder: Path, content: object) -> None:
    """Assert that reading ends in a plan or in one clear line; any other exception fails."""
    line = ""
    try:
        read(folder, content)
    except TfoptError as refused:
        line = str(refused)
    assert "\n" not in line


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
PATHS = [
    ("format_version",),
    ("variables",),
    ("variables", "size"),
    ("resource_changes",),
    ("resource_changes", 0),
    ("resource_changes", 0, "index"),
    ("resource_changes", 0, "change"),
    ("resource_changes", 0, "change", "actions"),
    ("resource_changes", 0, "change", "after"),
    ("resource_changes", 0, "change", "after", "launch_template"),
    ("resource_changes", 0, "change", "after", "mixed_instances_policy"),
    ("resource_changes", 0, "change", "after_unknown"),
    ("resource_changes", 0, "change", "after_sensitive"),
    ("configuration",),
    ("configuration", "provider_config"),
    ("configuration", "provider_config", "aws", "expressions"),
    ("configuration", "root_module"),
    ("configuration", "root_module", "resources", 0, "expressions"),
    ("planned_values",),
    ("prior_state",),
]


def victim() -> dict[str, object]:
    """Return a plan with one group that every path of PATHS leads into."""
    after = {"min_size": 1, "launch_template": [{"id": "lt-1"}], "mixed_instances_policy": []}
    group = change("aws_autoscaling_group.web", after)
    made = document([group], [{"type": "aws_autoscaling_group", "name": "web", "expressions": {}}])
    return {**made, "variables": {"size": {"value": 1}}}


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(path=st.sampled_from(PATHS), value=JSON)
def test_any_value_anywhere_is_read_or_refused(
    tmp_path: Path, path: tuple[str | int, ...], value: object
) -> None:
    """Whatever stands at any place of a plan, reading ends in a plan or in one clear line."""
    made = victim()
    place: object = made
    for step in path[:-1]:
        place = place[step]  # type: ignore[index]
    place[path[-1]] = value  # type: ignore[index]
    read_or_refused(tmp_path, made)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    cut=st.integers(0, len(TEXT)),
    junk=st.binary(max_size=12),
    kept=st.sampled_from(["before", "after", "both"]),
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, cut: int, junk: bytes, kept: str) -> None:
    """Junk anywhere in a file, or half of it, never ends in anything but a plan or one line."""
    data = TEXT.encode()
    halves = {"before": data[:cut] + junk, "after": junk + data[cut:]}
    read_or_refused(tmp_path, halves.get(kept, data[:cut] + junk + data[cut:]))

"""What a comment says where several changes share one line."""

from __future__ import annotations

from pathlib import Path

from tfopt.hcl.annotate import annotate, merged
from tfopt.hcl.edit import Change, make_patch
from tfopt.hcl.sources import load_sources
from tfopt.hcl.trace import Target, Trace, Tracer

SAVES = "group saves $663/month; 2026-11-08"

MAIN = """variable "g" {
  type = map(object({ type = string, min = number, max = number }))
}

resource "aws_launch_template" "g" {
  for_each      = var.g
  instance_type = each.value.type
}

resource "aws_autoscaling_group" "g" {
  for_each = var.g
  min_size = each.value.min
  max_size = each.value.max
}
"""
VALUES = 'g = { big = { type = "m5.xlarge", min = 10, max = 60 } }\n'


def test_a_single_comment_is_left_as_it_is() -> None:
    """Nothing is reworded where one change stands on its line."""
    assert merged([f"tfopt: was 4; room for the peak; {SAVES}"]).startswith("tfopt: was 4; room")


def test_old_values_share_a_clause() -> None:
    """What all comments say is said once."""
    comments = [f"tfopt: was {old}; why {old}; {SAVES}" for old in ("10", "60", "30")]
    assert merged(comments) == f"was 10, 60, 30; {SAVES}"


def test_too_many_old_values_are_counted() -> None:
    """The line of a diff stays readable."""
    comments = [f"tfopt: was {'x' * 20}{n}; {SAVES}" for n in range(4)]
    assert merged(comments) == f"4 settings changed; {SAVES}"


def test_comments_of_other_words() -> None:
    """Comments that share nothing are counted, not strung together."""
    assert merged(["one", "two; three"]) == "2 settings changed"
    assert merged(["was 1; a; 2026-11-08", "was 2; b; 2026-11-08"]) == "was 1, 2; 2026-11-08"


def test_three_edits_in_a_one_line_object(tmp_path: Path) -> None:
    """The patched line carries one comment of at most 110 characters."""
    (tmp_path / "main.tf").write_text(MAIN)
    (tmp_path / "terraform.tfvars").write_text(VALUES)
    tracer = Tracer(load_sources(tmp_path), {})
    wanted = [
        ("aws_launch_template.g", "instance_type", "m5.xlarge", "m7a.large"),
        ("aws_autoscaling_group.g", "min_size", 10, 4),
        ("aws_autoscaling_group.g", "max_size", 60, 24),
    ]
    changes = []
    for resource, attribute, old, new in wanted:
        found = tracer.trace(Target((), resource, "big", (attribute,), old))
        assert isinstance(found, Trace)
        comment = f"tfopt: was {found.leaf.text}; why {attribute}; {SAVES}"
        changes.append(Change(found.leaf, new, comment))
    (file,) = make_patch(changes).files
    assert file.after.decode() == (
        f'# tfopt: was "m5.xlarge", 10, 60; {SAVES}\n'
        'g = { big = { type = "m7a.large", min = 4, max = 24 } }\n'
    )


def test_a_comment_above_a_closing_line_stands_inside() -> None:
    """`terraform fmt` indents what is inside the bracket, whatever the closing line starts with."""
    row = b"can(var.one_of_the_longer_names_that_teams_give) ? var.another_long_name_of_theirs : 4)"
    text = b"locals {\n  a = try(var.x,\n  " + row + b"\n}\n"
    after, origin = annotate(text, {2: "was 3; the size that the peak of the week asks for"})
    above = b"    # tfopt: was 3; the size that the peak of the week asks for\n  "
    assert after == text.replace(b"  can(", above + b"can(")
    assert origin == [0, 1, None, 2, 3, 4]

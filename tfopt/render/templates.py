"""Loads the templates; what they print is escaped for markdown, or for HTML and SVG."""

from __future__ import annotations

import re
from functools import cache, partial
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from tfopt.resources import data_dir

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# what markdown acts on inside a line: an underscore at a word's edge, a dollar that opens math
_ACTIVE = re.compile(r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])|\$(?!\d)")
_LEADING = re.compile(r"^\s+")  # four spaces would make a code block
_LINE_START = re.compile(r"^(\s*)(?=[-=+#])|^(\s*\d+)(?=[.)](?:\s|$))")
# what GitHub turns into a mention, an issue, a link or an emoji, up to where it is split
_AUTOLINK = re.compile(
    r"@(?=\w)|#(?=\d)|(?<=GH)-(?=\d)|(?<=\w):(?=//)|(?<=www)\.|:(?=[\w+-]+:)", re.IGNORECASE
)
_SPLIT = "<!-- -->"
# GitLab looks at what is left of comments: there the sign stands in an element of its own
_GITLAB_AUTOLINK = re.compile(
    r"(?<!\\)[@#!%^](?=[\w\"{])|&amp;(?=\d)|(?<=GL)-(?=\d)|(?<=\w):(?=//)|(?<=www)\."
    r"|:(?=[\w+-]+:)",
    re.IGNORECASE,
)
_GITLAB_MONEY = re.compile(r"\$(?=\d)")  # $12 is its snippet 12

Dialect = Literal["github", "gitlab"]


@cache
def environment(dialect: Dialect = "github") -> Environment:
    """Return the environment of `templates/`, for the markdown of one vendor.

    Every `{{ expression }}` is escaped as markdown text; `code`, `fence` and `html` are the other
    ways to print, so that a template that overrides a block is as safe as ours.
    """
    # autoescape marks what macros and blocks return, so that nothing is escaped twice
    env = _environment(finalize=partial(_finalize, dialect=dialect))
    env.filters.update(code=code, fence=fence, html=_html)
    return env


@cache
def markup_environment() -> Environment:
    """Return the environment of `templates/` for HTML and SVG: every expression is escaped."""
    return _environment()


def _environment(**more: Any) -> Environment:
    return Environment(
        loader=FileSystemLoader(data_dir("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **more,
    )


def render_template(name: str, dialect: Dialect = "github", /, **values: Any) -> str:
    """Return the rendered template; runs of empty lines become one."""
    text = environment(dialect).get_template(name).render(**values)
    return squeeze(text)


def squeeze(text: str) -> str:
    """Return `text` with one empty line at most between paragraphs, outside of fences."""
    kept: list[str] = []
    fence_mark = ""
    for line in text.strip("\n").split("\n"):
        mark = re.match(r"`{3,}", line)
        if mark and not fence_mark:
            fence_mark = mark[0]
        elif fence_mark and line.rstrip() == fence_mark:
            fence_mark = ""
        if line or fence_mark or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept) + "\n"


def _finalize(value: Any, *, dialect: Dialect) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return prose(value, dialect)
    return value


def prose(text: str, dialect: Dialect = "github") -> Markup:
    """Return `text` as markdown that shows exactly these characters, without links or mentions."""
    escaped = _ACTIVE.sub(r"\\\g<0>", _LEADING.sub(" ", text.replace("\n", " ")))
    for character, entity in _ENTITIES.items():
        escaped = escaped.replace(character, entity)
    escaped = _LINE_START.sub(r"\g<0>\\", escaped)
    if dialect == "gitlab":
        apart = _GITLAB_AUTOLINK.sub(r"<span>\g<0></span>", escaped)
        return Markup(_GITLAB_MONEY.sub(r"\$", apart))
    return Markup(_AUTOLINK.sub(lambda match: match[0] + _SPLIT, escaped))


def code(text: str) -> Markup:
    """Return `text` as a code span that also holds inside a table cell."""
    line = text.replace("\n", " ")
    if not line.strip():
        return Markup("")
    if "`" not in line and "|" not in line and line == line.strip():
        return Markup(f"`{line}`")
    signs = "".join(c if c.isalnum() or c in " /-" else f"&#{ord(c)};" for c in line)
    return Markup(f"<code>{signs}</code>")


def _html(text: str) -> Markup:
    """Return `text` for the inside of an HTML block, where markdown does not act."""
    return escape(text.replace("\n", " "))


def fence(text: str, language: str = "") -> Markup:
    """Return `text` as a fenced block whose fence no line of the text can close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    mark = "`" * max(3, longest + 1)
    return Markup(f"{mark}{language}\n{text.rstrip(chr(10))}\n{mark}")

"""Takes out of a comment what a vendor's markdown does not know: charts, HTML."""

from __future__ import annotations

import html
import re

_FENCED = re.compile(r"^(?P<fence>`{3,})[^`\n]*\n.*?^(?P=fence)[ \t]*\n?", re.MULTILINE | re.DOTALL)
# the chart, the paragraph that announces it and the one that explains its colours
_CHART = re.compile(
    r"(?:^[^\n]*:\n\n)?^(`{3,})mermaid\n.*?^\1\n(?:\n🟦[^\n]*\n)?\n?", re.MULTILINE | re.DOTALL
)
_CODE_SPAN = re.compile(r"(`[^`\n]*`)")
_CODE = re.compile(r"<code>(.*?)</code>")
_PLAIN = (  # what our templates and their filters write, and what stands for it
    (re.compile(r"<summary>(.*?)</summary>"), r"**\1**\n"),
    (re.compile(r"</?details(?: open)?>\n?"), ""),
    (re.compile(r"</?(?:sub|span)>"), ""),
    (re.compile(r"<br>"), "; "),
    (re.compile(r"<!-- -->"), "\u200b"),  # keeps apart what it kept apart
    (re.compile(r"\\([~$=])"), r"\1"),  # no escapes outside of GitHub's own additions
)


def without_charts(words: str) -> str:
    """Return the text without its mermaid charts, which would be shown as lists of numbers."""
    return _CHART.sub("", words)


def without_html(words: str) -> str:
    """Return the text with markdown for the tags of our templates; code blocks are left alone."""
    parts, position = [], 0
    for block in _FENCED.finditer(words):
        parts += [_plain(words[position : block.start()]), block[0]]
        position = block.end()
    return re.sub(r"\n{3,}", "\n\n", "".join([*parts, _plain(words[position:])]))


def _plain(text: str) -> str:
    return "".join(
        part if part.startswith("`") and part.endswith("`") and len(part) > 1 else _untagged(part)
        for part in _CODE_SPAN.split(text)
    )


def _untagged(text: str) -> str:
    text = _CODE.sub(lambda match: _code_span(html.unescape(match[1])), text)
    for pattern, replacement in _PLAIN:
        text = pattern.sub(replacement, text)
    return text


def _code_span(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return f"{'`' * (longest + 1)} {text} {'`' * (longest + 1)}" if longest else f"`{text}`"

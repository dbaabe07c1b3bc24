"""Takes out of a comment what a vendor's markdown does not know: charts, HTML."""

from __future__ import annotations

import html
import re

_FENCED = re.compile(r"^(?P<fence>`{3,})[^`\n]*\n.*?^(?P=fence)[ \t]*\n?", re.MULTILINE | re.DOTALL)
# the chart, the paragraph that announces it and the one that explains its colours
_CHART = re.compile(
    r"(?:^[^\n]*:\n\n)?^(`{3,})mermaid\n.*?^\1\n(?:\n🟦[^\n]*\n)?\n?", re.MULTILINE | re.DOTALL
)
# what our templates and their filters write: escapes, code, and the few tags
_TOKEN = re.compile(
    r"\\.|(`+)(?!`).*?(?<!`)\1(?!`)|<code>.*?</code>|<summary>.*?</summary>"
    r"|</?details(?: open)?>\n?|</?(?:sub|span)>|<br>|<!-- -->"
)
_NO_ESCAPES = {"\\~", "\\$", "\\="}  # of signs that only GitHub's markdown acts on
_APART = "\u200b"  # not seen; keeps a sign apart from the name that it would make a link of
_INSTEAD = {"<br>": "; ", "<!-- -->": _APART}


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
    return _TOKEN.sub(_without_tag, text)


def _without_tag(match: re.Match[str]) -> str:
    token = match[0]
    if token in _NO_ESCAPES:
        return token[1]
    if token[0] in "\\`":
        return token
    inner = re.sub(r"^<\w+>|</\w+>$", "", token)
    if token.startswith("<code>"):
        return _code(html.unescape(inner))
    if token.startswith("<summary>"):
        return f"**{_plain(inner)}**\n"
    return _INSTEAD.get(token, "")


def _code(text: str) -> str:
    """Return a code span, or escaped text where a sign in it could end the span or its cell."""
    if not re.search(r"[`|]", text):
        return f"`{text}`"
    escaped = re.sub(r"[\\`*_\[\]|]", r"\\\g<0>", html.escape(text, quote=False))
    return re.sub(r"[@#](?=\w)|(?<=\w):(?=//)", rf"\g<0>{_APART}", escaped)

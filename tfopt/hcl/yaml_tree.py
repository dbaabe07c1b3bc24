"""Reads YAML data into the typed tree as Terraform's `yamldecode` does, keeping byte positions.

Where PyYAML, which finds the tokens, and go-cty-yaml, which Terraform reads with, could disagree,
the part is `Other`: not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from tfopt.errors import TfoptError
from tfopt.hcl.document import BOM, Document, Span
from tfopt.hcl.scalars import to_text
from tfopt.hcl.syntax import Expr, Literal, Object, ObjectItem, Other, Scalar, Tuple
from tfopt.hcl.yaml_scalars import NotModelledError, has_foreign_escapes, resolve

_LARGEST = 1024 * 1024  # bytes; PyYAML's scanner reads about 0.1 MB/s
_MOST_NODES = 200_000  # with every alias written out
_ANCHOR = re.compile(r"&[^\s,\[\]{}]+\s+")
_TEXT = "tag:yaml.org,2002:str"
_MERGE = "<<"
_SAFE_IN_FLOW = re.compile(r"[A-Za-z0-9]+(:[A-Za-z0-9/._-]+)+")
_DIRECTIVE = re.compile(r"^%(?!YAML 1\.1$)", re.MULTILINE)
_BREAKS = re.compile("[\n\r\x85\u2028\u2029]")
_FOREIGN_BREAKS = re.compile("[\x85\u2028\u2029]")


class NoDocumentError(TfoptError):
    """The text holds no YAML document, or several: Terraform refuses it too."""


def read_yaml(document: Document) -> Expr:
    """Return the value of a whole YAML document.

    Raises:
        NoDocumentError: it holds none or several.
        TfoptError: it has a syntax error, told with its line, is not UTF-8 or too large.
    """
    if len(document.data) > _LARGEST:
        raise TfoptError("too large to be read as YAML", where=str(document.path))
    import yaml

    text = _decoded(document)
    try:
        events = list(yaml.parse(text, Loader=yaml.BaseLoader))
        return _Composer(document, text, events).compose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise TfoptError("YAML syntax error", where=f"{document.path}:{line}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise TfoptError("not readable as YAML", where=str(document.path)) from error


def _decoded(document: Document) -> str:
    try:
        return document.data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = document.line(error.start)
        raise TfoptError("not UTF-8", where=f"{document.path}:{line}") from error


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an anchor stands for, and how many nodes that is."""

    expr: Expr
    nodes: int


@dataclass
class _Composer:
    """Builds the tree from PyYAML's events; `Any` because PyYAML has no types."""

    document: Document
    text: str
    events: Sequence[Any]
    at: int = 0
    nodes: int = 0
    flow: int = 0
    anchors: dict[str, _Anchored] = field(default_factory=dict)
    offsets: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        start = len(self.document.data) - len(self.text.encode())
        widths = (len(char.encode()) for char in self.text)
        self.offsets = list(accumulate(widths, initial=start))

    def compose(self) -> Expr:
        started = [e for e in self.events if type(e).__name__ == "DocumentStartEvent"]
        if len(started) != 1:
            what = "several YAML documents" if started else "no YAML document"
            raise NoDocumentError(f"{what} in it", where=str(self.document.path))
        whole = Span(self.document, 0, len(self.document.data))
        if _DIRECTIVE.search(self.text[: started[0].end_mark.index]):
            return Other(whole, "YAML with directives")
        if _FOREIGN_BREAKS.search(self.text):
            return Other(whole, "YAML with unusual line breaks")
        self.at = self.events.index(started[0]) + 1
        return self._node()

    def _next(self) -> Any:
        event = self.events[self.at]
        self.at += 1
        return event

    def _node(self) -> Expr:
        event, before = self._next(), self.nodes
        self._count(1, event)
        name = type(event).__name__
        if name == "AliasEvent":
            return self._alias(event)
        if event.anchor is not None:
            loop = Other(self._span(event), "an alias of something around it")
            self.anchors[event.anchor] = _Anchored(loop, 1)
        expr = _KINDS[name](self, event)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(expr, self.nodes - before)
        return expr

    def _count(self, more: int, event: Any) -> None:
        self.nodes += more
        if self.nodes > _MOST_NODES:
            where = f"{self.document.path}:{event.start_mark.line + 1}"
            raise TfoptError("too much YAML, with its aliases written out", where=where)

    def _alias(self, event: Any) -> Expr:
        found = self.anchors.get(event.anchor)
        if found is None:
            return Other(self._span(event), "an alias without an anchor")
        self._count(found.nodes - 1, event)
        return found.expr

    def _span(self, first: Any, last: Any = None) -> Span:
        start, end = first.start_mark.index, (last or first).end_mark.index
        return Span(self.document, self.offsets[start], self.offsets[end])

    # -- scalars -------------------------------------------------------------------------------

    def _scalar(self, event: Any) -> Expr:
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor is not None and event.tag is None:
            anchor = _ANCHOR.match(self.text, start, end)
            start = anchor.end() if anchor else start
        span = Span(self.document, self.offsets[start], self.offsets[end])
        token = self.text[start:end]
        try:
            value = self._value(event, token)
        except NotModelledError as error:
            return Other(span, str(error))
        reason = _not_editable(event, token)
        return Literal(span, value, editable=reason is None, reason=reason)

    def _value(self, event: Any, token: str) -> Scalar:
        if event.tag not in (None, _TEXT):
            raise NotModelledError("a YAML tag")
        value = str(event.value)
        if event.style == '"' and has_foreign_escapes(token):
            raise NotModelledError("an escape that Terraform does not read")
        if event.style in ("|", ">") and not value:
            raise NotModelledError("an empty YAML block scalar")
        in_flow = event.style is None and self.flow > 0
        if in_flow and re.search(r"[?:]", value) and not _SAFE_IN_FLOW.fullmatch(value):
            raise NotModelledError("a flow scalar that YAML readers disagree about")
        return resolve(value) if event.style is None and event.tag is None else value

    # -- collections ---------------------------------------------------------------------------

    def _sequence(self, event: Any) -> Expr:
        with _Flow(self, event):
            items = list(self._until("SequenceEndEvent"))
        span = self._span(event, self.events[self.at - 1])
        if event.tag is not None:
            return Other(span, "a YAML tag", tuple(items))
        return Tuple(span, tuple(items))

    def _until(self, end: str) -> Iterator[Expr]:
        while type(self.events[self.at]).__name__ != end:
            yield self._node()
        self.at += 1

    def _mapping(self, event: Any) -> Expr:
        items: list[ObjectItem] = []
        values: list[Expr] = []
        problem = None if event.tag is None else "a YAML tag"
        with _Flow(self, event):
            while type(self.events[self.at]).__name__ != "MappingEndEvent":
                key_event = self.events[self.at]
                key, value = self._node(), self._node()
                values += [key, value]
                try:
                    items += self._items(key_event, key, value)
                except NotModelledError as error:
                    problem = problem or str(error)
        self.at += 1
        span = self._span(event, self.events[self.at - 1])
        return Other(span, problem, tuple(values)) if problem else Object(span, tuple(items))

    def _items(self, event: Any, key: Expr, value: Expr) -> Sequence[ObjectItem]:
        """Return the members that one pair makes; a merge makes several, and the last one wins."""
        if not isinstance(key, Literal) or event.anchor is not None:
            raise NotModelledError("a YAML key that is not a plain scalar")
        if self._is_squeezed(value):
            raise NotModelledError("a flow mapping that YAML readers disagree about")
        if key.value == _MERGE and event.tag is None:
            if not isinstance(value, Object):
                raise NotModelledError("a YAML merge of something that is not a mapping")
            return value.items
        name = to_text(key.value)
        if name is None:
            raise NotModelledError("a YAML key that is null")
        return [ObjectItem(key._replace(value=name, editable=False), value)]

    def _is_squeezed(self, value: Expr) -> bool:
        """Whether a colon is followed by no value and no space: `[a:]`."""
        at, data = value.span.start, self.document.data
        absent = self.flow > 0 and at == value.span.end and data[at - 1 : at] == b":"
        return absent and not data[at : at + 1].isspace()


class _Flow:
    """Counts how many flow collections stand around a node."""

    def __init__(self, composer: _Composer, event: Any):
        self._composer, self._step = composer, 1 if event.flow_style else 0

    def __enter__(self) -> None:
        self._composer.flow += self._step

    def __exit__(self, *_error: object) -> None:
        self._composer.flow -= self._step


def _not_editable(event: Any, token: str) -> str | None:
    """Return why a scalar cannot be replaced by another on its own, or None."""
    if event.tag is not None:
        return "a YAML scalar with a tag"
    if event.style in ("|", ">"):
        return "a YAML block scalar"
    if _BREAKS.search(token):
        return "a YAML scalar over several lines"
    if not token:
        return "a YAML value that is not written"
    written = token == event.value if event.style is None else token[0] == token[-1] == event.style
    return None if written else "a YAML scalar that is written in an unusual way"


_KINDS: dict[str, Callable[[_Composer, Any], Expr]] = {
    "ScalarEvent": _Composer._scalar,
    "SequenceStartEvent": _Composer._sequence,
    "MappingStartEvent": _Composer._mapping,
}

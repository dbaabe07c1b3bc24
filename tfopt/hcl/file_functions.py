"""Terraform's functions that read files, and those that decode what was read.

`file()` gives a text that carries its document's token. Decoding such a text leads to the literals
in that file; any other text decodes to values without a leaf.
"""

from __future__ import annotations

import base64
import hashlib
import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath

from tfopt.errors import TfoptError
from tfopt.hcl.counterfactual import Edits
from tfopt.hcl.data_files import DataFiles, matching
from tfopt.hcl.document import BOM, Document, Span
from tfopt.hcl.evaluate import Evaluator
from tfopt.hcl.json_tree import parse_json
from tfopt.hcl.literals import edited_text
from tfopt.hcl.scopes import Frame
from tfopt.hcl.syntax import Expr, Literal, Object, ObjectItem, Tuple
from tfopt.hcl.text_template import read_text_template
from tfopt.hcl.values import Blocked, Token, Unknown, Value, computed, unknown
from tfopt.hcl.yaml_tree import NoDocumentError, read_yaml


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who calls a function: the evaluator, the module that the call stands in, and where."""

    functions: FileFunctions
    frame: Frame
    where: str

    def read(self, path: Value) -> Document | Unknown:
        module = self.frame.scope.module
        owner = module.documents[0].owner if module.documents else "root"
        return self.functions.files.read(_text(path), Path(module.label), owner, self.where)

    def locate(self, path: Value) -> Path | Unknown:
        module = self.frame.scope.module
        return self.functions.files.locate(_text(path), Path(module.label), self.where)


Function = Callable[[_Caller, Sequence[Value]], Value]


@dataclass
class FileFunctions:
    """The functions of one configuration; what is decoded is decoded once.

    Attributes:
        evaluator: evaluates what was read.
        files: finds the files.
        edits: what is to be read as if it were written otherwise, as the evaluator does.
    """

    evaluator: Evaluator
    files: DataFiles
    edits: Edits
    _decoded: dict[tuple[Document, str], Value] = field(default_factory=dict)

    def call(self, name: str, args: Sequence[Value], frame: Frame, where: str) -> Value | None:
        """Return what a function of this module gives; None where the name is not one."""
        name = name.removeprefix("core::")
        function = FUNCTIONS.get(name)
        if function is None:
            return None
        for arg in args:
            if arg.unknown is not None:
                return unknown("", where, *args).holding(arg.unknown)
        try:
            return function(_Caller(self, frame, where), args)
        except (IndexError, TypeError, ValueError):
            reason = f"{name}() with arguments it does not take"
            return unknown(reason, where, *args, fails=True)

    def text(self, document: Document) -> str | None:
        """Return a file's text as it is to be read; None where it is not UTF-8."""
        return edited_text(document, self.edits.replaced, self.edits.keys)

    def document_of(self, value: Value) -> Document | None:
        """Return the file that a text is the whole of; None where it is not one file's."""
        found = [
            token.document
            for token in value.tokens
            if isinstance(token, Span)
            and token == token.document.text_token
            and self.text(token.document) == value.data
        ]
        return found[0] if len(found) == 1 else None

    def decoded(self, name: str, document: Document, frame: Frame) -> Value:
        """Return the value of a data file; its literals are leaves."""
        if (document, name) not in self._decoded:
            tree = _READERS[name](document)
            self._decoded[document, name] = (
                Value(tree) if isinstance(tree, Unknown) else self.evaluator.evaluate(tree, frame)
            )
        return self._decoded[document, name]


def _text(value: Value) -> str:
    if not isinstance(value.data, str):
        raise TypeError("not text")
    return value.data


def _file(caller: _Caller, args: Sequence[Value]) -> Value:
    document = caller.read(args[0])
    if isinstance(document, Unknown):
        return unknown(document.reason, caller.where, *args, fails=document.fails)
    text = caller.functions.text(document)
    if text is None:
        return unknown(f"{document.label} is not UTF-8", caller.where, *args, fails=True)
    tokens = frozenset((document.text_token,)).union(*(arg.all_tokens() for arg in args))
    blocked = Blocked("unknown", f"the whole text of {document.label} ({caller.where})")
    return Value(text, tokens=tokens, blocked=blocked)


def _fileexists(caller: _Caller, args: Sequence[Value]) -> Value:
    place = caller.locate(args[0])
    if isinstance(place, Unknown):
        return unknown(place.reason, caller.where, *args)
    return computed(place.is_file(), "fileexists()", caller.where, *args)


def _fileset(caller: _Caller, args: Sequence[Value]) -> Value:
    folder, pattern = caller.locate(args[0]), args[1].data
    if isinstance(folder, Unknown):
        return unknown(folder.reason, caller.where, *args)
    try:
        names = matching(folder, str(pattern))
    except ValueError as error:
        return unknown(f"fileset() with {error}", caller.where, *args)
    tokens = frozenset[Token]().union(*(arg.all_tokens() for arg in args))
    blocked = Blocked("unknown", f"computed by fileset() ({caller.where})")
    members = tuple(Value(name, tokens=tokens, blocked=blocked) for name in names)
    return Value(members, tokens=tokens, blocked=blocked)


def _decode(name: str, caller: _Caller, args: Sequence[Value]) -> Value:
    source = args[0]
    text = _text(source)
    document = caller.functions.document_of(source)
    if document is None:
        value = _without_leaf(name, caller, source, text)
    else:
        # What chose the file has a say in all of it, the rest of its text has not.
        chosen = Value(None, tokens=source.tokens - {document.text_token})
        found = caller.functions.decoded(name, document, caller.frame)
        value = found.led(source.hops).influenced(chosen)
    if value.unknown is not None and not value.unknown.where:
        tokens = value.tokens | source.tokens
        value = value.holding(replace(value.unknown, where=caller.where), tokens)
    return value


def _without_leaf(name: str, caller: _Caller, source: Value, text: str) -> Value:
    """Return the value of a text that is not a file's: it depends on all that the text does."""
    document = Document(Path("the text"), "the text", text.encode(), role="data")
    tree = _READERS[name](document)
    if isinstance(tree, Unknown):
        return Value(tree)
    made = source.blocked.reason if source.blocked else f"not a file's ({caller.where})"
    blocked = Blocked("unknown", f"{name}() of a text {made}")
    plain = caller.functions.evaluator.evaluate(_not_editable(tree), caller.frame)
    return _depending(plain, source.all_tokens(), blocked)


def _not_editable(tree: Expr) -> Expr:
    if isinstance(tree, Literal):
        return tree._replace(editable=False)
    if isinstance(tree, Tuple):
        return Tuple(tree.span, tuple(map(_not_editable, tree.items)))
    if isinstance(tree, Object):
        items = (ObjectItem(item.key, _not_editable(item.value)) for item in tree.items)
        return Object(tree.span, tuple(items))
    return tree


def _depending(value: Value, tokens: frozenset[Token], blocked: Blocked) -> Value:
    data = value.data
    inside = partial(_depending, tokens=tokens, blocked=blocked)
    if isinstance(data, Mapping):
        data = {key: inside(member) for key, member in data.items()}
    elif isinstance(data, tuple):
        data = tuple(inside(member) for member in data)
    return Value(data, tokens=tokens, blocked=blocked)


@lru_cache(maxsize=64)
def _read_json(document: Document) -> Expr | Unknown:
    try:
        if document.data.startswith(BOM):
            raise TfoptError("a byte order mark")
        return parse_json(document)
    except (TfoptError, RecursionError):
        return Unknown(f"{document.label} is not JSON", "", fails=True)


@lru_cache(maxsize=64)  # PyYAML is slow, and every counterfactual decodes anew
def _read_yaml(document: Document) -> Expr | Unknown:
    try:
        return read_yaml(document)
    except NoDocumentError as error:
        return Unknown(f"{document.label}: {error.message}", "", fails=True)
    except TfoptError as error:
        # not sure that Terraform refuses it too
        line = f":{str(error.where).rsplit(':', 1)[-1]}" if ":" in str(error.where) else ""
        return Unknown(f"{document.label}{line}: {error.message}", "")


def _templatefile(caller: _Caller, args: Sequence[Value]) -> Value:
    document, names = caller.read(args[0]), args[1].data
    if isinstance(document, Unknown):
        return unknown(document.reason, caller.where, *args, fails=document.fails)
    if not isinstance(names, Mapping):
        raise TypeError("variables that are not an object")
    text = caller.functions.text(document)
    if text is None:
        return unknown(f"{document.label} is not UTF-8", caller.where, *args, fails=True)
    template = read_text_template(text, Span(document, 0, len(document.data)))
    inner = Frame(caller.frame.scope, {**_NO_NAMES, **names})
    made = caller.functions.evaluator.evaluate(template, inner)
    tokens = made.tokens.union((document.text_token,), *(arg.all_tokens() for arg in args))
    if made.unknown is not None:
        return made.holding(made.data, tokens)
    blocked = Blocked("unknown", f"computed by templatefile() of {document.label} ({caller.where})")
    return Value(made.data, tokens=tokens, blocked=blocked)


_OUTSIDE = Value(Unknown("a name that templates do not know", "", fails=True))
_NO_NAMES = dict.fromkeys(("var", "local", "module", "data", "path", "each", "count"), _OUTSIDE)


def _digest(name: str, compute: Callable[[bytes], str]) -> Function:
    def function(caller: _Caller, args: Sequence[Value]) -> Value:
        document = caller.read(args[0])
        if isinstance(document, Unknown):
            return unknown(document.reason, caller.where, *args, fails=document.fails)
        text = caller.functions.text(document)
        data = document.data if text is None else text.encode()
        whole = Value(None, tokens=frozenset((document.text_token,)))
        return computed(compute(data), f"{name}()", caller.where, *args, whole)

    return function


def _path(name: str, change: Callable[[str], str]) -> Function:
    def function(caller: _Caller, args: Sequence[Value]) -> Value:
        return computed(change(_text(args[0])), f"{name}()", caller.where, *args)

    return function


def _abspath(caller: _Caller, args: Sequence[Value]) -> Value:
    folder = caller.functions.files.folder
    if folder is None:
        return unknown("abspath() without the configuration directory", caller.where, *args)
    return _path("abspath", lambda path: posixpath.normpath(folder.resolve() / path))(caller, args)


def _pathexpand(caller: _Caller, args: Sequence[Value]) -> Value:
    if str(args[0].data).startswith("~"):
        return unknown("pathexpand() of someone's home", caller.where, *args)
    return args[0]


def _basename(path: str) -> str:
    return PurePosixPath(path).name or ("/" if path.startswith("/") else path or ".")


def _dirname(path: str) -> str:
    head, _, _ = path.rpartition("/")
    return posixpath.normpath(head or ("/" if path.startswith("/") else "."))


FUNCTIONS: Mapping[str, Function] = {
    "abspath": _abspath,
    "basename": _path("basename", _basename),
    "dirname": _path("dirname", _dirname),
    "file": _file,
    "filebase64": _digest("filebase64", lambda data: base64.b64encode(data).decode()),
    "fileexists": _fileexists,
    "filemd5": _digest("filemd5", lambda data: hashlib.md5(data).hexdigest()),
    "fileset": _fileset,
    "filesha1": _digest("filesha1", lambda data: hashlib.sha1(data).hexdigest()),
    "filesha256": _digest("filesha256", lambda data: hashlib.sha256(data).hexdigest()),
    "filesha512": _digest("filesha512", lambda data: hashlib.sha512(data).hexdigest()),
    "jsondecode": partial(_decode, "jsondecode"),
    "pathexpand": _pathexpand,
    "templatefile": _templatefile,
    "yamldecode": partial(_decode, "yamldecode"),
}

_READERS: Mapping[str, Callable[[Document], Expr | Unknown]] = {
    "jsondecode": _read_json,
    "yamldecode": _read_yaml,
}

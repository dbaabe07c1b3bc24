"""Reads native HCL with tree-sitter into the typed tree, keeping byte positions."""

from __future__ import annotations

import re
from functools import cache, partial

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser, Tree

from tfopt.errors import TfoptError
from tfopt.hcl.document import Document, Span
from tfopt.hcl.expressions import ExpressionBuilder
from tfopt.hcl.strings import unquote
from tfopt.hcl.syntax import Attribute, Block, Body

_EXPONENT = re.compile(rb"(?<![\w.])\d+[eE][+-]?\d+")


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_hcl.language()))


def parse_tree(data: bytes) -> Tree:
    """Parse bytes into a concrete tree, which may hold ERROR nodes.

    The grammar does not know `1e3` (it does know `1.0e3`) and takes what follows the 1 for a block
    where it can: such numbers are parsed as others of the same length. So take a token's text from
    `data`, not from its node.
    """
    return _parser().parse(_EXPONENT.sub(lambda match: b"1" * len(match.group()), data))


def read_hcl(document: Document) -> Body:
    """Read a .tf or .tfvars file.

    Raises:
        TfoptError: the file has a syntax error, told with its line, or is not UTF-8.
    """
    root = parse_tree(document.data).root_node
    if root.has_error:
        raise _syntax_error(document, root)
    body = next((child for child in root.children if child.type == "body"), None)
    return _body(document, ExpressionBuilder(document), body)


def first_error(root: Node) -> Node | None:
    """Return the first ERROR or missing node of a tree, in source order."""
    if root.is_error or root.is_missing:
        return root
    if not root.has_error:
        return None
    return next((found for child in root.children if (found := first_error(child))), None)


def _syntax_error(document: Document, root: Node) -> TfoptError:
    try:
        document.data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = document.line(error.start)
        return TfoptError("not UTF-8", where=f"{document.path}:{line}", hint="Save it as UTF-8")
    node = first_error(root) or root
    line = document.line(deepest(node).start_byte)
    return TfoptError("syntax error", where=f"{document.path}:{line}", hint="Run terraform fmt")


def deepest(node: Node) -> Node:
    """Return the last token inside an ERROR node: the error covers all that precedes its cause."""
    while node.is_error and node.children:
        node = node.children[-1]
    return node


def _body(document: Document, builder: ExpressionBuilder, node: Node | None) -> Body:
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    for child in node.children if node is not None else ():
        if child.type == "attribute":
            attribute = _attribute(document, builder, child)
            attributes[attribute.name] = attribute
        elif child.type == "block":
            blocks.append(_block(document, builder, child))
    return Body(attributes, tuple(blocks))


def _attribute(document: Document, builder: ExpressionBuilder, node: Node) -> Attribute:
    inner = node.children
    name, expression = inner[0], inner[-1]  # around the sign
    span = Span(document, node.start_byte, node.end_byte)
    return Attribute(_text(document, name), span, partial(builder.build, expression))


def _block(document: Document, builder: ExpressionBuilder, node: Node) -> Block:
    words: list[str] = []
    body: Node | None = None
    for child in node.children:
        if child.type == "identifier":
            words.append(_text(document, child))
        elif child.type == "string_lit":
            words.append(unquote(_text(document, child)))
        elif child.type == "body":
            body = child
    span = Span(document, node.start_byte, node.end_byte)
    return Block(words[0], tuple(words[1:]), _body(document, builder, body), span)


def _text(document: Document, node: Node) -> str:
    return document.data[node.start_byte : node.end_byte].decode()

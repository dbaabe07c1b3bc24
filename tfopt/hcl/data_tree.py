"""Reads a data file into the typed tree, in the syntax that it is edited in."""

from __future__ import annotations

from functools import lru_cache

from tfopt.hcl.document import Document
from tfopt.hcl.json_tree import parse_json
from tfopt.hcl.syntax import Expr
from tfopt.hcl.yaml_tree import read_yaml


@lru_cache(maxsize=64)  # PyYAML is slow, and every leaf of a file asks
def read_data(document: Document) -> Expr:
    """Return the value of a whole data file as an expression.

    Raises:
        TfoptError: the file has a syntax error.
    """
    return parse_json(document) if document.syntax == "json" else read_yaml(document)

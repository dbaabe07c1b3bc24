"""Loads the saved JSON answer of a monitoring system."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tfopt.errors import TfoptError


def load_object(path: Path) -> dict[str, Any]:
    """Return the JSON object a file holds.

    Raises:
        TfoptError: no such file, no JSON, or JSON that is not an object.
    """
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise TfoptError("no such file", where=path) from None
    except OSError as problem:
        raise TfoptError(f"cannot be read: {problem.strerror}", where=path) from None
    except UnicodeDecodeError:
        raise TfoptError("is not text in UTF-8", where=path) from None
    except json.JSONDecodeError as problem:
        raise TfoptError(f"is not JSON: {problem.msg}", where=f"{path}:{problem.lineno}") from None
    except RecursionError:
        raise TfoptError("is nested too deep to be a saved answer", where=path) from None
    if not isinstance(found, dict):
        raise TfoptError("is not a JSON object", where=path)
    return found

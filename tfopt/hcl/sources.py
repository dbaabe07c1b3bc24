"""Finds the files of a configuration: the root module, its modules, and the variable files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os.path import relpath
from pathlib import Path
from posixpath import normpath

from tfopt.errors import TfoptError
from tfopt.hcl.data_files import DataFiles
from tfopt.hcl.document import Document, Ownership, Role
from tfopt.hcl.json_tree import read_json
from tfopt.hcl.overrides import merge_overrides
from tfopt.hcl.syntax import Attribute, Block, Body, Literal
from tfopt.hcl.tree import read_hcl


def read_body(document: Document) -> Body:
    """Read one file in either syntax; only once, however often it is asked for.

    Raises:
        TfoptError: the file has a syntax error.
    """
    return document.once(read_json if document.syntax == "json" else read_hcl)


@dataclass(frozen=True)
class Module:
    """One module's source: the declarations of all its files, read when first asked for."""

    key: str  # "" for the root, "shop.db" for a call inside a call
    label: str  # the folder, as messages show it
    documents: tuple[Document, ...]

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Every top-level block, override files merged in."""
        plain: list[Block] = []
        overriding: list[Block] = []
        for document in self.documents:
            blocks = read_body(document).blocks
            (overriding if _is_override(document.label) else plain).extend(blocks)
        return merge_overrides(plain, overriding)

    @cached_property
    def _by_name(self) -> dict[tuple[str, ...], Block]:
        return {(block.kind, *block.labels): block for block in self.blocks}

    def block(self, kind: str, *labels: str) -> Block | None:
        """Return the one block of that kind and labels."""
        return self._by_name.get((kind, *labels))

    def of_kind(self, kind: str) -> list[Block]:
        """Return the blocks of a kind, in file order."""
        return [block for block in self.blocks if block.kind == kind]

    @cached_property
    def locals(self) -> Mapping[str, Attribute]:
        """Every local value by name."""
        found: dict[str, Attribute] = {}
        for block in self.of_kind("locals"):
            found.update(block.body.attributes)
        return found


@dataclass(frozen=True)
class Sources:
    """A configuration: the root module, the way to the others, and the variable files.

    `var_files` are in the order in which Terraform reads them: a later one wins. `named_var_files`
    tells whether some were named: the configuration then serves several environments.
    """

    root: Module
    var_files: tuple[Document, ...]
    find_module: Callable[[Module, Block], Module | str]
    data_files: DataFiles = field(default_factory=DataFiles)
    named_var_files: bool = False
    _children: dict[tuple[str, str], Module | str] = field(default_factory=dict)

    def child(self, module: Module, call: Block) -> Module | str:
        """Return the module that a call names, or the reason why it is not at hand."""
        place = (module.key, call.labels[0])
        if place not in self._children:
            self._children[place] = self.find_module(module, call)
        return self._children[place]

    @cached_property
    def assignments(self) -> Mapping[str, tuple[Attribute, ...]]:
        """The assignments of each variable in the variable files; the last one wins."""
        found: dict[str, tuple[Attribute, ...]] = {}
        for document in self.var_files:
            body = read_body(document)
            if body.blocks:
                where = f"{document.path}:{body.blocks[0].span.line}"
                raise TfoptError(
                    "a block in a variable file: it assigns variables only", where=where
                )
            for name, attribute in body.attributes.items():
                found[name] = (*found.get(name, ()), attribute)
        return found


def load_sources(config_dir: Path, var_files: Sequence[Path] = ()) -> Sources:
    """Return the configuration in a folder; files are read when they are needed.

    Args:
        config_dir: the root module's folder.
        var_files: the files given with `-var-file`, in command-line order.

    Raises:
        TfoptError: the folder holds no Terraform files, or a variable file cannot be read.
    """
    modules = _FolderModules(config_dir)
    root = modules.root
    if not root.documents:
        raise TfoptError("no Terraform files here", where=config_dir, hint="Name --config-dir")
    documents = _variable_files(config_dir, var_files)
    files = _data_files(config_dir, documents)
    return Sources(root, documents, modules.find, files, bool(var_files))


def _variable_files(config_dir: Path, named: Sequence[Path]) -> tuple[Document, ...]:
    """Return the variable files in Terraform's order of precedence, the weakest first."""
    usual = [config_dir / "terraform.tfvars", config_dir / "terraform.tfvars.json"]
    automatic = sorted(
        path
        for path in config_dir.iterdir()
        if path.name.endswith((".auto.tfvars", ".auto.tfvars.json"))
    )
    found = [path for path in (*usual, *automatic) if path.is_file()]
    return tuple(_read(path, config_dir, "root", "variables") for path in (*found, *named))


def _data_files(config_dir: Path | None, var_files: Iterable[Document]) -> DataFiles:
    return DataFiles(config_dir, {document.path.resolve(): document for document in var_files})


def _read(path: Path, config_dir: Path, owner: Ownership, role: Role = "configuration") -> Document:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TfoptError(f"cannot read it: {error.strerror}", where=path) from error
    return Document(path, relative_label(path, config_dir), data, owner, role)


def relative_label(path: Path, folder: Path) -> str:
    """Return a path as it is shown: relative to the folder, POSIX slashes, `..` where outside."""
    return Path(relpath(path.absolute(), folder.absolute())).as_posix()


def _is_source(name: str) -> bool:
    return name.endswith((".tf", ".tf.json")) and not name.startswith((".", "#"))


def _is_override(label: str) -> bool:
    stem = label.rsplit("/", 1)[-1].removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def _source_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if _is_source(path.name) and path.is_file())


class _FolderModules:
    """Finds called modules on disk: local folders, then what `terraform init` downloaded.

    A file that several modules hold is read once: its literals are the same ones in each.
    """

    def __init__(self, config_dir: Path):
        self._config_dir = config_dir
        self._folders: dict[str, Path] = {"": config_dir}
        self._read: dict[Path, Document] = {}

    @property
    def root(self) -> Module:
        return self._module("", self._config_dir, "root")

    def _module(self, key: str, folder: Path, owner: Ownership) -> Module:
        if not folder.is_dir():
            raise TfoptError("no such folder", where=folder, hint="Name --config-dir")
        documents = tuple(self._document(path, owner) for path in _source_paths(folder))
        return Module(key, relative_label(folder, self._config_dir), documents)

    def _document(self, path: Path, owner: Ownership) -> Document:
        place = path.resolve()
        if place not in self._read:
            self._read[place] = _read(path, self._config_dir, owner)
        return self._read[place]

    @cached_property
    def _manifest(self) -> dict[str, Path]:
        path = self._config_dir / ".terraform" / "modules" / "modules.json"
        if not path.is_file():
            return {}
        return {
            key: self._config_dir / folder for key, folder in _manifest_entries(path.read_bytes())
        }

    def find(self, module: Module, call: Block) -> Module | str:
        key = _child_key(module, call)
        source = literal_source(call)
        if source is not None and source.startswith(("./", "../")):
            folder = self._folders[module.key] / source
            owner: Ownership = module.documents[0].owner if module.documents else "root"
            if owner != "vendored":
                inside = folder.resolve().is_relative_to(self._config_dir.resolve())
                owner = "local-module" if inside else "outside"
        elif key in self._manifest:
            folder, owner = self._manifest[key], "vendored"
        else:
            return f"module.{call.labels[0]} is not downloaded: run terraform init"
        if not folder.is_dir():
            return f"the folder of module.{call.labels[0]} is missing"
        self._folders[key] = folder
        return self._module(key, folder, owner)


def _child_key(module: Module, call: Block) -> str:
    return f"{module.key}.{call.labels[0]}" if module.key else call.labels[0]


def literal_source(call: Block) -> str | None:
    """Return the `source` of a module call where it is a literal."""
    attribute = call.body.attributes.get("source")
    if attribute is None or not isinstance(attribute.expr, Literal):
        return None
    return str(attribute.expr.value)


def _manifest_entries(data: bytes) -> Iterable[tuple[str, str]]:
    parsed = json.loads(data)
    entries = parsed["Modules"] if isinstance(parsed, dict) else parsed
    return [(entry["Key"], entry["Dir"]) for entry in entries]


def sources_from_saved_plan(
    files: Mapping[str, bytes], config_dir: Path | None = None, var_files: Sequence[Path] = ()
) -> Sources:
    """Return the configuration that a saved plan carries.

    A file is editable only where it stands, unchanged, under `config_dir` too. A saved plan holds
    no variable and no data files: those of `config_dir` are read.

    Args:
        files: the plan zip's `tfconfig/` by path, with or without that prefix.
        config_dir: the folder that the configuration was planned in, where it is at hand.
        var_files: the files given with `-var-file`, in command-line order.

    Raises:
        TfoptError: the plan holds no sources.
    """
    found = {name.removeprefix("tfconfig/"): data for name, data in files.items()}
    modules = _SavedModules(found, config_dir)
    if not modules.root.documents:
        raise TfoptError("the saved plan holds no Terraform files", hint="Name --config-dir")
    assigned = _variable_files(config_dir, var_files) if config_dir else ()
    data = _data_files(config_dir, assigned)
    return Sources(modules.root, assigned, modules.find, data, bool(var_files))


class _SavedModules:
    """Finds called modules in the `tfconfig/` of a saved plan."""

    def __init__(self, files: Mapping[str, bytes], config_dir: Path | None):
        self._files = files
        self._config_dir = config_dir
        self._folders = dict(_manifest_entries(files.get("modules.json", b"[]")))
        self._read: dict[tuple[str, bytes], Document] = {}
        self.root = self._module("")

    def find(self, module: Module, call: Block) -> Module | str:
        found = self._module(_child_key(module, call))
        return found if found.documents else f"module.{call.labels[0]} is not in the saved plan"

    def _module(self, key: str) -> Module:
        prefix = f"m-{key}/"
        names = sorted(
            name
            for name in self._files
            if name.startswith(prefix) and _is_source(name.removeprefix(prefix))
        )
        folder = normpath(self._folders.get(key, "."))
        documents = tuple(
            self._document(key, folder, name.removeprefix(prefix), self._files[name])
            for name in names
        )
        return Module(key, folder, documents)

    def _document(self, key: str, folder: str, name: str, data: bytes) -> Document:
        """Return a file; the one that an earlier call's module has too, where it is the same."""
        label = normpath(f"{folder}/{name}")
        if (label, data) not in self._read:
            self._read[label, data] = self._new_document(key, label, data)
        return self._read[label, data]

    def _new_document(self, key: str, label: str, data: bytes) -> Document:
        path = Path(label)
        if self._config_dir is not None:
            path = self._config_dir / label
            if path.is_file() and path.read_bytes() == data:
                return Document(path, label, data, _owner_of(key, label))
        return Document(path, label, data, "saved-plan")


def _owner_of(key: str, label: str) -> Ownership:
    if label.startswith(".terraform/"):
        return "vendored"
    if not key:
        return "root"
    return "outside" if label.startswith("../") else "local-module"

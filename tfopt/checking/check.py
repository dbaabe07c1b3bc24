"""Checks files one by one, each against the settings and the recommendation nearest to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tfopt.checking.bounds import order_findings, spot_findings, target_findings
from tfopt.checking.finding import Finding, is_ignored
from tfopt.checking.instance_types import type_findings
from tfopt.checking.literals import Place, holders, places
from tfopt.checking.parsing import read_document, secret_names, syntax_finding
from tfopt.checking.proven import (
    SAVED,
    Proof,
    by_file,
    find_saved,
    load_proofs,
    proof_findings,
    proof_of,
)
from tfopt.hcl.document import Document
from tfopt.pricing import PriceBook, load_book
from tfopt.settings import Settings, find_settings, load_settings, shown_path


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to check, and against what."""

    files: tuple[Path, ...]
    workloads: Path | None = None  # else the nearest tfopt.toml above each file
    recommendation: Path | None = None  # else the nearest saved one above each file
    config_dir: Path | None = None  # that the recommendation's files are relative to


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and what it was checked against."""

    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]  # for those who ask


def check_files(wanted: Wanted) -> Checked:
    """Check every file once.

    Raises:
        TfoptError: a file, a tfopt.toml or a recommendation cannot be used.
    """
    run = _Run(wanted)
    documents = [read_document(path) for path in dict.fromkeys(wanted.files)]
    findings = [found for document in documents for found in run.findings(document)]
    return Checked(tuple(sorted(findings)), tuple(run.remarks))


@dataclass
class _Run:
    """What is read once for all files."""

    wanted: Wanted
    remarks: dict[str, None] = field(default_factory=dict)  # in order, each once
    _settings: dict[Path | None, Settings] = field(default_factory=dict)
    _proofs: dict[Path, Mapping[Path, Mapping[str, Proof]]] = field(default_factory=dict)
    _secret: dict[Path, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def book(self) -> PriceBook:
        return load_book()

    def findings(self, document: Document) -> Iterator[Finding]:
        """Yield what is wrong in one file, comments that allow it honoured."""
        broken = syntax_finding(document)
        if broken is not None:
            yield broken
            return
        settings, proofs = self._settings_of(document), self._proofs_of(document)
        secret = self._secret_of(document)
        for place in places(document, secret):
            yield from self._about(place, settings, proofs)
        for named in holders(document, secret):
            for name, found in order_findings(named):
                if not is_ignored(named[name].span, found.rule, frozenset((name,))):
                    yield found

    def _about(
        self, place: Place, settings: Settings, proofs: Mapping[str, Proof]
    ) -> Iterator[Finding]:
        proof = proof_of(place, proofs) if proofs else None
        defaults = settings.defaults
        found = [
            *type_findings(place, self.book, defaults),
            *target_findings(place, defaults),
            *spot_findings(place, defaults),
            *(proof_findings(place, proof) if proof is not None else ()),
        ]
        names = frozenset(place.keys) | ({proof.attribute} if proof is not None else set())
        span = place.literal.span
        yield from (one for one in found if not is_ignored(span, one.rule, names))

    def _settings_of(self, document: Document) -> Settings:
        path = self.wanted.workloads or find_settings(document.path)
        if path not in self._settings:
            self._settings[path] = Settings() if path is None else load_settings(shown_path(path))
        if path is None:
            self._say(f"{document.label}: no tfopt.toml above it: no guardrails of your own")
        else:
            self._say(f"{document.label}: guardrails of {shown_path(path)}")
        return self._settings[path]

    def _proofs_of(self, document: Document) -> Mapping[str, Proof]:
        path = self.wanted.recommendation or find_saved(document.path.resolve().parent)
        if path is None:
            self._say(f"{document.label}: no {SAVED.as_posix()} above it: not compared with one")
            return {}
        if path not in self._proofs:
            self._proofs[path] = by_file(load_proofs(path, self.wanted.config_dir))
        found = self._proofs[path].get(document.path.resolve(), {})
        self._say(f"{document.label}: {len(found)} value(s) of {shown_path(path)} stand in it")
        return found

    def _secret_of(self, document: Document) -> frozenset[str]:
        folder = document.path.resolve().parent
        if folder not in self._secret:
            self._secret[folder] = secret_names(folder)
        return self._secret[folder]

    def _say(self, remark: str) -> None:
        self.remarks[remark] = None

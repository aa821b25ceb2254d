"""Levels, versions, and the policy that a namespace's labels ask for. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from steersman.api.errors import FieldError, invalid

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

PRIVILEGED, BASELINE, RESTRICTED = "privileged", "baseline", "restricted"
LEVELS = (PRIVILEGED, BASELINE, RESTRICTED)
"""From the least strict."""
LATEST = -1
"""As a minor version: whichever is newest."""
PREFIX = "pod-security.kubernetes.io/"
LABELS = tuple(f"{PREFIX}{mode}{suffix}" for mode in ("enforce", "audit", "warn") for suffix in ("", "-version"))
_VERSION = re.compile(r"v1\.([0-9]|[1-9][0-9]*)", re.ASCII)
_MINOR_MAX = 2**63 - 1


class LevelVersion(NamedTuple):
    """What is asked for in one mode."""

    level: str = PRIVILEGED
    minor: int = LATEST

    def __str__(self) -> str:
        return f"{self.level}:{'latest' if self.minor == LATEST else f'v1.{self.minor}'}"


class Policy(NamedTuple):
    """What is asked for in all modes, and what is wrong with the labels."""

    enforce: LevelVersion = LevelVersion()
    audit: LevelVersion = LevelVersion()
    warn: LevelVersion = LevelVersion()
    errors: tuple[FieldError, ...] = ()

    @property
    def is_privileged(self) -> bool:
        """Nothing is asked for."""
        return self.enforce.level == self.audit.level == self.warn.level == PRIVILEGED and not self.errors


NO_POLICY = Policy()
_NONE = (None,) * len(LABELS)


def policy_of(namespace: Object) -> Policy:
    """Labels that are wrong make the strictest of `enforce`, and nothing of the other modes."""
    labels = namespace["metadata"].get("labels")
    if not labels:
        return NO_POLICY
    values = tuple(map(labels.get, LABELS))
    return NO_POLICY if values == _NONE else _policy(values)


@lru_cache(maxsize=512)
def _policy(values: tuple[str | None, ...]) -> Policy:
    errors: list[FieldError] = []
    enforce = _mode(values, 0, RESTRICTED, errors)
    audit = _mode(values, 2, PRIVILEGED, errors)
    warn = _mode(values, 4, PRIVILEGED, errors)
    if values[4] is None and values[0] in LEVELS and enforce.level != PRIVILEGED:
        # Who enforces without saying what to warn of is warned of the same.
        warn = LevelVersion(enforce.level, enforce.minor if values[5] is None else warn.minor)
    return Policy(enforce, audit, warn, tuple(errors))


def _mode(values: tuple[str | None, ...], at: int, otherwise: str, errors: list[FieldError]) -> LevelVersion:
    level, version = values[at], values[at + 1]
    if level is None:
        level = PRIVILEGED
    elif level not in LEVELS:
        errors.append(invalid(f"metadata.labels[{LABELS[at]}]", level, f"must be one of {', '.join(LEVELS)}"))
        level = otherwise
    minor = LATEST
    if version is not None and version != "latest":
        match = _VERSION.fullmatch(version)
        if match and int(match.group(1)) <= _MINOR_MAX:
            minor = int(match.group(1))
        else:
            errors.append(invalid(f"metadata.labels[{LABELS[at + 1]}]", version, 'must be "latest" or "v1.x"'))
    return LevelVersion(level, minor)


def stricter(a: str, b: str) -> bool:
    """Whether level `a` is stricter than level `b`."""
    return LEVELS.index(a) > LEVELS.index(b)

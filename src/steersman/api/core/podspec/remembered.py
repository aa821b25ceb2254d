"""What is judged about a pod's spec, remembered by the spec's JSON.

Pods of one template are equal but for their names, and most updates of a pod leave its spec as it is: encoding a spec
and looking it up costs a twentieth of going through all its rules. Remembered is only that there is nothing to say
about a spec, and only what follows from the spec and from the few things that are asked for beside it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from steersman.api.core.podspec.validation.annotations import MIRROR
from steersman.api.core.podspec.validation.options import Options, deletion_cost_is_valid, options_for
from steersman.api.core.podspec.validation.spec import validate_spec_of_pod
from steersman.api.core.podspec.warnings import heeded_annotations, pod_warnings

if TYPE_CHECKING:
    from steersman.api.errors import FieldError
    from steersman.api.meta.types import Object

SPECS_MAX = 512
"""Specs remembered, for each of the questions."""
SPEC_BYTES_MAX = 16_384
"""Larger ones are judged anew each time."""

_NEW_POD = Options(resource_is_pod=True)
_TOKEN_VOLUME = re.compile("kube-api-access-[a-z0-9]{5}")
"""Admission gives every pod a volume with such a name, of which only the end differs."""


class _Spec:
    """A spec as a key. Equal to others with the same JSON, whatever the name of the token's volume: names are only
    compared with each other, so a name that is replaced everywhere by another of its kind changes no judgement.
    """

    __slots__ = ("content", "key")

    def __init__(self, content: Object, key: bytes) -> None:
        self.content = content
        """Only there while it is judged."""
        self.key = key

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Spec) and self.key == other.key


class _Flawed(Exception):
    """There is something to say about a spec, which is therefore not remembered: `found` are errors or warnings."""

    def __init__(self, found: list[FieldError] | list[str]) -> None:
        self.found = found


def spec_errors(pod: Object, options: Options) -> list[FieldError]:
    """What `validate_spec_of_pod` finds."""
    content, metadata = pod.get("spec") or {}, pod.get("metadata") or {}
    is_mirror = MIRROR in (metadata.get("annotations") or {})
    name = metadata.get("name") or ""
    spec = _key_of(content)
    if spec is None:
        return validate_spec_of_pod(content, name, options, is_mirror=is_mirror)
    # Only the names of claims made of templates depend on the pod's.
    named = name if b'"ephemeral"' in spec.key else ""
    try:
        _check(spec, named, options, is_mirror)
    except _Flawed as flawed:
        errors: list[FieldError] = flawed.found  # type: ignore[assignment]
        return errors
    finally:
        spec.content = {}
    return []


def spec_options(pod: Object | None) -> Options:
    """What `options_for` finds out about the old pod of an update, or None for a new one."""
    if pod is None:
        return _NEW_POD
    spec = _key_of(pod.get("spec") or {})
    if spec is None:
        return options_for(pod, resource_is_pod=True)
    options = _options(spec)
    spec.content = {}
    if deletion_cost_is_valid((pod.get("metadata") or {}).get("annotations")):
        return options
    return replace(options, allow_invalid_deletion_cost=True)


def spec_warnings(pod: Object) -> list[str]:
    """What `pod_warnings` has to say."""
    spec = None if heeded_annotations(pod) else _key_of(pod.get("spec") or {})
    if spec is None:
        return pod_warnings(pod)
    try:
        _check_for_warnings(spec)
    except _Flawed as flawed:
        warnings: list[str] = flawed.found  # type: ignore[assignment]
        return warnings
    finally:
        spec.content = {}
    return []


def _key_of(content: Object) -> _Spec | None:
    """None for a spec that is too large to be remembered, or no JSON."""
    try:
        key = orjson.dumps(content)
    except TypeError:
        return None
    if len(key) > SPEC_BYTES_MAX:
        return None
    for volume in content.get("volumes") or ():
        name = volume.get("name") or ""
        if _TOKEN_VOLUME.fullmatch(name):
            # A byte that JSON never holds: nothing else can look like it.
            return _Spec(content, key.replace(name.encode(), b"\0"))
    return _Spec(content, key)


@lru_cache(maxsize=SPECS_MAX)
def _check(spec: _Spec, name: str, options: Options, is_mirror: bool) -> None:
    if errors := validate_spec_of_pod(spec.content, name, options, is_mirror=is_mirror):
        raise _Flawed(errors)


@lru_cache(maxsize=SPECS_MAX)
def _options(spec: _Spec) -> Options:
    return options_for({"spec": spec.content}, resource_is_pod=True)


@lru_cache(maxsize=SPECS_MAX)
def _check_for_warnings(spec: _Spec) -> None:
    if warnings := pod_warnings({"spec": spec.content}):
        raise _Flawed(warnings)

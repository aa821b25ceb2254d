"""What is judged about a pod's spec, remembered by the spec's JSON.

Pods of one template are equal but for their names, and most updates of a pod leave its spec as it is: encoding a spec
and looking it up costs a twentieth of going through all its rules. Remembered is only what follows from the spec and
from the few things that are asked for beside it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

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


def spec_errors(pod: Object, options: Options) -> list[FieldError]:
    """What `validate_spec_of_pod` finds."""
    spec, metadata = pod.get("spec") or {}, pod.get("metadata") or {}
    is_mirror = MIRROR in (metadata.get("annotations") or {})
    name = metadata.get("name") or ""
    payload = _payload(spec)
    if not payload:
        return validate_spec_of_pod(spec, name, options, is_mirror=is_mirror)
    # Only the names of claims made of templates depend on the pod's.
    named = name if b'"ephemeral"' in payload else ""
    return list(_spec_errors(payload, named, options, is_mirror))


def spec_options(pod: Object | None) -> Options:
    """What `options_for` finds out about the old pod of an update, or None for a new one."""
    if pod is None:
        return _NEW_POD
    payload = _payload(pod.get("spec") or {})
    if not payload:
        return options_for(pod, resource_is_pod=True)
    options = _spec_options(payload)
    if deletion_cost_is_valid((pod.get("metadata") or {}).get("annotations")):
        return options
    return replace(options, allow_invalid_deletion_cost=True)


def spec_warnings(pod: Object) -> list[str]:
    """What `pod_warnings` has to say."""
    payload = b"" if heeded_annotations(pod) else _payload(pod.get("spec") or {})
    return list(_spec_warnings(payload)) if payload else pod_warnings(pod)


def _payload(spec: Any) -> bytes:
    """A spec's JSON; empty if it is too large, or none."""
    try:
        payload = orjson.dumps(spec)
    except TypeError:
        return b""
    return payload if len(payload) <= SPEC_BYTES_MAX else b""


@lru_cache(maxsize=SPECS_MAX)
def _spec_errors(payload: bytes, name: str, options: Options, is_mirror: bool) -> tuple[FieldError, ...]:
    return tuple(validate_spec_of_pod(orjson.loads(payload), name, options, is_mirror=is_mirror))


@lru_cache(maxsize=SPECS_MAX)
def _spec_options(payload: bytes) -> Options:
    return options_for({"spec": orjson.loads(payload)}, resource_is_pod=True)


@lru_cache(maxsize=SPECS_MAX)
def _spec_warnings(payload: bytes) -> tuple[str, ...]:
    return tuple(pod_warnings({"spec": orjson.loads(payload)}))

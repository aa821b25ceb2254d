"""ConfigMap: non-secret configuration data, consumed by pods as files or environment.

Invariants: keys are unique across data and binaryData; an immutable ConfigMap stays as it is; all values together fit
1 MiB. Upstream differences: none known.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from steersman.api.columns import AGE
from steersman.api.errors import FieldError, forbidden, invalid, too_long
from steersman.api.meta.names import config_map_key
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

DATA_BYTES_MAX = 1024 * 1024


def _validate(obj: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    total = 0
    for key in sorted(data):
        errors += [invalid(f"data[{key}]", key, message) for message in config_map_key(key)]
        if key in binary:
            errors.append(invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
        total += len(data[key].encode())
    for key in sorted(binary):
        errors += [invalid(f"binaryData[{key}]", key, message) for message in config_map_key(key)]
        total += len(base64.b64decode(binary[key]))
    if total > DATA_BYTES_MAX:
        # Upstream names an empty path: the error is about the whole object.
        errors.append(too_long("[]", DATA_BYTES_MAX))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    if old.get("immutable"):
        if not new.get("immutable"):
            errors.append(forbidden("immutable", "field is immutable when `immutable` is set"))
        errors += [
            forbidden(name, "field is immutable when `immutable` is set")
            for name in ("data", "binaryData")
            if (new.get(name) or {}) != (old.get(name) or {})
        ]
    return errors + _validate(new)


def _entries(obj: Object, _now: datetime) -> int:
    return len(obj.get("data") or {}) + len(obj.get("binaryData") or {})


CONFIG_MAPS = Resource(
    group="",
    version="v1",
    kind="ConfigMap",
    plural="configmaps",
    singular="configmap",
    short_names=("cm",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.ConfigMap"),
    strategy=Strategy(validate=_validate, validate_update=_validate_update),
    columns=(Column("Data", "string", _entries), AGE),
)

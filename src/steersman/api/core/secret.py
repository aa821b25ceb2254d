"""Secret: secret data, consumed by pods as files or environment.

Invariants: stringData is only ever written (it becomes data); the type never changes; an immutable Secret stays as it
is; all values together fit 1 MiB; each known type holds the keys that its users need. Upstream differences: none
known.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.errors import FieldError, forbidden, invalid, required, too_long
from steersman.api.meta import go_json
from steersman.api.meta.names import config_map_key
from steersman.api.meta.object_meta import immutable
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

DATA_BYTES_MAX = 1024 * 1024
SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - a type's name
SERVICE_ACCOUNT_NAME = "kubernetes.io/service-account.name"
_REQUIRED = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
}
_JSON = ("kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson")


def _default(obj: Object) -> None:
    plain = obj.pop("stringData", None)
    if plain:
        data = obj.setdefault("data", {})
        for key, text in plain.items():
            data[key] = base64.b64encode(text.encode()).decode()
    if not obj.get("type"):
        obj["type"] = "Opaque"


def _validate(obj: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    data = obj.get("data") or {}
    for key in sorted(data):
        errors += [invalid(f"data[{key}]", key, message) for message in config_map_key(key)]
    if sum(len(base64.b64decode(value)) for value in data.values()) > DATA_BYTES_MAX:
        errors.append(too_long("data", DATA_BYTES_MAX))
    return errors + _validate_type(obj, data)


def _validate_type(obj: Object, data: Object) -> list[FieldError]:
    kind = obj.get("type", "")
    if kind == SERVICE_ACCOUNT_TOKEN:
        if not at(obj, "metadata", "annotations", SERVICE_ACCOUNT_NAME):
            return [required(f"metadata.annotations[{SERVICE_ACCOUNT_NAME}]")]
        return []
    if kind == "kubernetes.io/basic-auth":
        if "username" not in data and "password" not in data:
            return [required("data[username]"), required("data[password]")]
        return []
    if kind == "kubernetes.io/ssh-auth":
        return [] if data.get("ssh-privatekey") else [required("data[ssh-privatekey]")]
    missing = [required(f"data[{key}]") for key in _REQUIRED.get(kind, ()) if key not in data]
    if missing or kind not in _JSON:
        return missing
    return _validate_json(_REQUIRED[kind][0], data)


def _validate_json(key: str, data: Object) -> list[FieldError]:
    """The value is a JSON object; nothing of it is shown."""
    try:
        content = go_json.loads(base64.b64decode(data[key]).decode(errors="replace"))
        if isinstance(content, dict) or content is None:
            return []
        why = go_json.type_error(content, "map[string]interface {}")
    except go_json.GoJsonError as error:
        why = str(error)
    return [invalid(f"data[{key}]", "<secret contents redacted>", why)]


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors = immutable(new.get("type", ""), old.get("type", ""), "type")
    if old.get("immutable"):
        if not new.get("immutable"):
            errors.append(forbidden("immutable", "field is immutable when `immutable` is set"))
        if (new.get("data") or {}) != (old.get("data") or {}):
            errors.append(forbidden("data", "field is immutable when `immutable` is set"))
    return errors + _validate(new)


SECRETS = Resource(
    group="",
    version="v1",
    kind="Secret",
    plural="secrets",
    singular="secret",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.Secret"),
    strategy=Strategy(default=_default, validate=_validate, validate_update=_validate_update),
    columns=(
        Column("Type", "string", lambda obj, _now: obj.get("type", "")),
        Column("Data", "string", lambda obj, _now: len(obj.get("data") or {})),
        AGE,
    ),
    selectable=(("type", lambda obj: obj.get("type", "")),),
    unknown_selector="field label not supported: {}",
)

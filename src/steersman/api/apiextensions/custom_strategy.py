"""How custom resources are prepared and judged: by their schema, and by where their scale is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from steersman.api.columns import at
from steersman.api.errors import FieldError, FieldReason, child, invalid
from steersman.api.meta.names import name_is_path_segment, qualified_name
from steersman.api.meta.object_meta import STANDARD_FINALIZERS, validate_metadata
from steersman.api.resource import Context, Scale, Strategy, Subresource, UpdateStrategy
from steersman.api.schema.lists import validate_lists
from steersman.api.schema.model import ABSENT
from steersman.api.schema.structural import validate_embedded, validate_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object

INT32_MAX: Final = 2**31 - 1
_BLOCKING: Final = frozenset(
    {
        FieldReason.NOT_SUPPORTED,
        FieldReason.REQUIRED,
        FieldReason.TOO_LONG,
        FieldReason.TOO_MANY,
        FieldReason.TYPE_INVALID,
    }
)
"""With one of these, rules of `x-kubernetes-validations` are not evaluated."""
_UNCHECKED: Final = invalid(
    "<nil>",
    None,
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete "
    "validation",
)


class Judge:
    """The rules of one version. Metadata is judged elsewhere."""

    def __init__(self, version: Object, *, kind: str, api_version: str) -> None:
        self._schema: Object = at(version, "schema", "openAPIV3Schema", default={})
        self._kind = kind
        self._api_version = api_version
        self._scale: Object | None = at(version, "subresources", "scale")
        self._has_rules = _mentions(self._schema, "x-kubernetes-validations")
        self._embeds = _mentions(self._schema, "x-kubernetes-embedded-resource")

    def create(self, obj: Object) -> list[FieldError]:
        return self._type_meta(obj) or self._whole(obj, ABSENT)

    def update(self, obj: Object, old: Object) -> list[FieldError]:
        """What is invalid but did not change is tolerated."""
        return self._type_meta(obj) or self._whole(obj, old)

    def status(self, obj: Object, old: Object) -> list[FieldError]:
        """A change of status is judged by the schema of status."""
        if errors := self._type_meta(obj):
            return errors
        errors = []
        schema = (self._schema.get("properties") or {}).get("status")
        if schema is not None and "status" in obj:
            before = old.get("status", ABSENT)
            errors += validate_value(schema, obj["status"], "status", ABSENT if before is None else before)
        errors += self._scale_status(obj)
        known = {str(error) for error in errors}
        if not validate_lists(self._schema, old):
            errors += [error for error in validate_lists(self._schema, obj) if str(error) not in known]
        return self._with_rules(errors)

    def _whole(self, obj: Object, old: Any) -> list[FieldError]:
        errors = validate_value(self._schema, obj, "", old)
        errors += self._scale_spec(obj)
        errors += self._scale_status(obj)
        if self._embeds:
            errors += [*validate_embedded(self._schema, obj), *_embedded_metadata(self._schema, obj, "")]
        return self._with_rules(errors)

    def _with_rules(self, errors: list[FieldError]) -> list[FieldError]:
        blocked = self._has_rules and any(error.reason in _BLOCKING for error in errors)
        return [*errors, _UNCHECKED] if blocked else errors

    def _type_meta(self, obj: Object) -> list[FieldError]:
        errors = []
        for key, wanted in (("kind", self._kind), ("apiVersion", self._api_version)):
            if obj.get(key) != wanted:
                errors.append(invalid(key, obj.get(key) or "", f"must be {wanted}"))
        return errors

    def _scale_spec(self, obj: Object) -> list[FieldError]:
        return _replicas(obj, self._scale["specReplicasPath"]) if self._scale is not None else []

    def _scale_status(self, obj: Object) -> list[FieldError]:
        if self._scale is None:
            return []
        errors = _replicas(obj, self._scale["statusReplicasPath"])
        path = self._scale.get("labelSelectorPath")
        if path is not None:
            try:
                nested(obj, path, str)
            except WrongKindError as error:
                errors.append(invalid(path, "", str(error)))
        return errors


class WrongKindError(ValueError):
    """Something on a path is not what it should be."""


def nested(obj: Object, path: str, kind: type) -> Any:
    """The value at a simple path (`.spec.replicas`), None if there is none. Raises WrongKindError where it is of
    another kind than `kind` (int or str), or a step is no object.
    """
    value: Any = obj
    names = path.removeprefix(".").split(".")
    for index, name in enumerate(names):
        if value is None:
            return None
        if not isinstance(value, dict):
            where = "." + ".".join(names[: index + 1])
            raise WrongKindError(
                f"{where} accessor error: {go_text(value)} is of the type {go_type(value)}, "
                "expected map[string]interface{}"
            )
        if name not in value:
            return None
        value = value[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        where = "." + ".".join(names)
        wanted = "int64" if kind is int else "string"
        raise WrongKindError(
            f"{where} accessor error: {go_text(value)} is of the type {go_type(value)}, expected {wanted}"
        )
    return value


def go_type(value: Any) -> str:
    """What Go calls the type of a JSON value."""
    names = {bool: "bool", int: "int64", float: "float64", str: "string", list: "[]interface {}"}
    return names.get(type(value), "map[string]interface {}") if value is not None else "<nil>"


def go_text(value: Any) -> str:
    """A JSON value as Go's %v prints it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go_text(value[key])}' for key in sorted(value))}]"
    return f"[{' '.join(map(go_text, value))}]" if isinstance(value, list) else str(value)


def _embedded_metadata(schema: Any, value: Any, path: str) -> Iterator[FieldError]:
    """What is wrong with the metadata of embedded resources; they need no name, and any path segment will do."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _embedded_metadata(schema.get("items") or {}, item, f"{path}[{index}]")
    if not isinstance(value, dict):
        return
    if schema.get("x-kubernetes-embedded-resource") and isinstance(metadata := value.get("metadata"), dict):
        yield from validate_metadata(
            {"metadata": {**metadata, "name": metadata.get("name") or "any"}},
            namespaced=bool(metadata.get("namespace")),
            validate_name=name_is_path_segment,
            path=child(path, "metadata"),
            standard_finalizers=False,
        )
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    for key, item in value.items():
        if key in properties:
            yield from _embedded_metadata(properties[key], item, child(path, key))
        elif isinstance(additional, dict):
            yield from _embedded_metadata(additional, item, f"{path}[{key}]")


def _replicas(obj: Object, path: str) -> list[FieldError]:
    try:
        replicas = nested(obj, path, int) or 0
    except WrongKindError as error:
        return [invalid(path, 0, str(error))]
    if replicas < 0:
        return [invalid(path, replicas, "should be a non-negative integer")]
    if replicas > INT32_MAX:
        return [invalid(path, replicas, f"should be less than or equal to {INT32_MAX}")]
    return []


def _mentions(schema: Any, keyword: str) -> bool:
    """Whether a schema, or one within, has a keyword that is not empty."""
    if isinstance(schema, dict):
        return bool(schema.get(keyword)) or any(
            _mentions(item, keyword) for key, item in schema.items() if key not in ("default", "example", "enum")
        )
    return isinstance(schema, list) and any(_mentions(item, keyword) for item in schema)


def _finalizer_warnings(obj: Object, old: Object | None) -> list[str]:
    """New finalizers that other controllers might use as well."""
    before = (old or {}).get("metadata", {}).get("finalizers") or ()
    warnings = []
    for name in sorted(set(obj["metadata"].get("finalizers") or ()) - set(before)):
        at_field = f'metadata.finalizers: "{name}": '
        warnings += [at_field + problem for problem in qualified_name(name)]
        if "/" not in name and name not in STANDARD_FINALIZERS:
            path = " including a path (/)" if "." in name else ""
            warnings.append(
                f"{at_field}prefer a domain-qualified finalizer name{path} to avoid accidental conflicts with other "
                "finalizer writers"
            )
    return warnings


def strategy_of(version: Object, judge: Judge) -> Strategy:
    """How objects of a version are written."""
    has_status = at(version, "subresources", "status") is not None

    def prepare_create(obj: Object, _ctx: Context) -> None:
        if has_status:
            obj.pop("status", None)

    return Strategy(
        prepare_create=prepare_create,
        prepare_update=_count_generation,
        validate=judge.create,
        validate_update=judge.update,
        warnings=_finalizer_warnings,
        standard_finalizers=False,
        has_generation=True,
        generation_fields=(),
        has_status=has_status,
        reset_fields=(("status",),) if has_status else (),
        allow_unconditional_update=False,
    )


def _count_generation(obj: Object, old: Object, _ctx: Context) -> None:
    """Any change outside of metadata counts."""
    if {**obj, "metadata": None} != {**old, "metadata": None}:
        obj["metadata"]["generation"] = (old["metadata"].get("generation") or 0) + 1


def subresources_of(version: Object, judge: Judge) -> tuple[Subresource, ...]:
    """`status` and `scale`, as far as the version has them."""
    made = []
    subresources = version.get("subresources") or {}
    verbs = ("get", "patch", "update")
    if subresources.get("status") is not None:
        view = UpdateStrategy(
            prepare=_keep_all_but_status,
            validate=judge.status,
            raises_generation=False,
            reset_fields=(("metadata",), ("spec",)),
        )
        made.append(Subresource(name="status", verbs=verbs, update=view))
    if (scale := subresources.get("scale")) is not None:
        made.append(
            Subresource(name="scale", verbs=verbs, group="autoscaling", version="v1", kind="Scale", scale=_scale(scale))
        )
    return tuple(made)


def _scale(scale: Object) -> Scale:
    path = scale.get("labelSelectorPath")

    def selector(obj: Object) -> str:
        try:
            return nested(obj, path, str) or "" if path else ""
        except WrongKindError:
            return ""

    return Scale(
        replicas=_steps(scale["specReplicasPath"]),
        status_replicas=_steps(scale["statusReplicasPath"]),
        selector=selector,
    )


def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.removeprefix(".").split("."))


def _keep_all_but_status(obj: Object, old: Object, _ctx: Context) -> None:
    """A write of status changes nothing else, metadata included; who owns what has changed, though."""
    status, metadata = obj.get("status", ABSENT), obj["metadata"]
    owners = metadata.get("managedFields")
    obj.clear()
    obj.update(old)
    obj["metadata"] = {key: value for key, value in old["metadata"].items() if key != "managedFields"}
    if owners is not None:
        obj["metadata"]["managedFields"] = owners
    obj.pop("status", None)
    if status is not ABSENT:
        obj["status"] = status

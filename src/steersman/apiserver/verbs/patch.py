"""patch: JSON patch, merge patch, strategic merge patch and apply, on an object or one of its views.

What a patch makes of an object is in `patch/`; here it is chosen by media type, and its result is decoded as any body
is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.errors import ApiError, BadRequest, Invalid, NotFound, forbidden, invalid, required
from steersman.api.schema.decode import DecodeError, decode
from steersman.apiserver import respond
from steersman.apiserver.body import keep_reset
from steersman.apiserver.codec import json, yaml
from steersman.apiserver.codec.malformed import Malformed, Parsed, type_meta
from steersman.apiserver.codec.negotiate import patch_type
from steersman.apiserver.patch.echo import patched_text
from steersman.apiserver.patch.errors import PatchError, to_api_error
from steersman.apiserver.patch.json_patch import apply_json_patch, check_operations
from steersman.apiserver.patch.managed_fields import apply
from steersman.apiserver.patch.merge_patch import apply_merge_patch
from steersman.apiserver.patch.strategic import apply_strategic_patch
from steersman.apiserver.verbs.naming import check_name, fit_namespace

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object
    from steersman.apiserver.call import Call
    from steersman.apiserver.options import WriteOptions
    from steersman.apiserver.service import Service
    from steersman.apiserver.write import Write
    from steersman.lib.http.message import Response

_JSON, _MERGE, _STRATEGIC, _APPLY = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)


async def patch(call: Call, service: Service) -> Response:
    """Raises NotFound, Conflict, Invalid, BadRequest, UnsupportedMediaType, and what admission says."""
    media = patch_type(call.request.headers.get("content-type"), custom=call.served.resource.custom)
    options = call.write_options("PatchOptions")
    applies = media == _APPLY
    check_options(options, applies=applies)
    try:
        write = call.write(options, "PatchOptions")
        transform = applying(call, options) if applies else patching(call, service, media, options, write)
    except PatchError as error:
        raise to_api_error(error) from None
    written = await service.pipeline.update(
        write,
        transform,
        own_fields=not applies,
        create_on_absent=applies and call.subresource is None,
    )
    return respond.one(call, written.json, 201 if written.created else 200)


def check_options(options: WriteOptions, *, applies: bool) -> None:
    """Raises Invalid."""
    errors = []
    if applies and not options.field_manager:
        errors.append(required("fieldManager", "is required for apply patch"))
    if not applies and options.force is not None:
        errors.append(forbidden("force", "may not be specified for non-apply patch"))
    if errors:
        raise Invalid.of("meta.k8s.io", "PatchOptions", "", errors)


# -- JSON, merge and strategic patches


def patching(
    call: Call, service: Service, media: str, options: WriteOptions, write: Write | None = None
) -> Callable[[Object | None], Object]:
    """Reads the patch; what is returned applies it to an object, as often as it takes. Raises PatchError, ApiError."""
    type_ = call.served.resource.schema()
    find_duplicates = options.field_validation != "Ignore"
    parsed = _read_patch(call.request.body, media, find_duplicates=find_duplicates)
    if options.field_validation == "Strict" and parsed.strict:
        raise BadRequest(f"strict decoding error: {', '.join(parsed.strict)}")
    if options.field_validation == "Warn":
        call.warnings += parsed.duplicates
    value = parsed.value
    if media == _JSON:
        check_operations(value)
    known = len(call.warnings)

    def transform(old: Object | None) -> Object:
        del call.warnings[known:]
        if old is None:
            raise NotFound.of(call.served.resource.group, call.served.resource.plural, call.info.name)
        try:
            if media == _JSON:
                patched = apply_json_patch(old, value)
            elif media == _MERGE:
                patched = apply_merge_patch(old, value)
            else:
                patched = apply_strategic_patch(old, value, type_)
        except PatchError as error:
            raise to_api_error(error) from None
        if write is not None:
            write.given = patched
        obj = _decode_patched(call, service, patched, old, options, keep_type=media == _STRATEGIC)
        fit_namespace(call, obj)
        check_name(call, obj)
        return obj

    return transform


def _read_patch(raw: bytes, media: str, *, find_duplicates: bool) -> Parsed:
    try:
        parsed = json.parse(raw, find_duplicates=find_duplicates)
    except Malformed as error:
        raise BadRequest("invalid JSON patch") from error
    if media != _JSON and parsed.value is not None and not isinstance(parsed.value, dict):
        kind = "array" if isinstance(parsed.value, list) else "scalar"
        if media == _STRATEGIC:
            raise BadRequest(f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")
        raise BadRequest(f"error decoding patch: json: cannot unmarshal {kind} into Go value of type map")
    if parsed.value is None and media != _JSON:
        return Parsed({}, parsed.duplicates, parsed.strict)
    return parsed


def _plain(text: str) -> str:
    return text.rpartition("json parse error: ")[2]


def _decode_patched(
    call: Call, service: Service, patched: Any, old: Object, options: WriteOptions, *, keep_type: bool
) -> Object:
    """The patched document as an object. What is wrong with it is the patch's fault: 422, naming nothing."""
    resource = call.served.resource

    def bad(why: str) -> ApiError:
        text = patched_text(patched, old, resource.schema(), service.protobuf.declared_order.members)
        return Invalid.of("", "", "", [invalid("patch", text, why)])

    if not isinstance(patched, dict):
        raise Invalid("the server rejected our request due to an error in our request", details={})
    if keep_type:
        patched = {**patched, "kind": old["kind"], "apiVersion": old["apiVersion"]}
    try:
        api_version, kind = type_meta(patched)
        if resource.custom and api_version == resource.api_version and kind and kind != resource.kind:
            wrong = invalid("kind", kind, f"must be {resource.kind}")
            raise Invalid.of(resource.group, kind, old["metadata"]["name"], [wrong])
        if (api_version, kind) != (resource.api_version, resource.kind):
            raise bad(service.kinds.mismatch(api_version, kind, resource.group, resource.kind))
        decoded = decode(resource.schema(), patched)
    except (DecodeError, Malformed) as error:
        raise bad(str(error)) from None
    obj = decoded.object
    obj["kind"], obj["apiVersion"] = resource.kind, resource.api_version
    keep_reset(patched, obj)
    unknown = [f'unknown field "{path}"' for path in decoded.unknown]
    if unknown and options.field_validation == "Strict":
        raise bad(f"strict decoding error: {', '.join(unknown)}")
    if options.field_validation == "Warn":
        call.warnings += unknown
    return obj


# -- apply


def applying(call: Call, options: WriteOptions) -> Callable[[Object | None], Object]:
    """Reads the configuration; what is returned merges it into the live object. Raises PatchError, ApiError."""
    resource = call.served.resource
    configuration = _read_configuration(call)
    view = call.subresource.update if call.subresource is not None else None

    def transform(old: Object | None) -> Object:
        try:
            merged = apply(
                live=old,
                patch=configuration,
                type_=resource.schema(),
                kind=resource.kind,
                manager=options.field_manager,
                force=bool(options.force),
                api_version=resource.api_version,
                subresource=call.subresource.name if call.subresource is not None else "",
                now=call.now,
                reset_fields=view.reset_fields if view is not None else resource.strategy.reset_fields,
            )
            obj = decode(resource.schema(), merged).object
        except PatchError as error:
            raise to_api_error(error) from None
        except DecodeError as error:
            raise BadRequest(str(error)) from None
        obj["kind"], obj["apiVersion"] = resource.kind, resource.api_version
        fit_namespace(call, obj)
        if not obj["metadata"].get("name"):
            obj["metadata"]["name"] = call.info.name
        check_name(call, obj)
        if old is None:
            _check_new(call, obj)
        return obj

    return transform


def _read_configuration(call: Call) -> Object:
    raw = call.request.body
    try:
        parsed = yaml.parse(raw, find_duplicates=True)
    except Malformed as error:
        raise BadRequest(f"error decoding patch: error converting YAML to JSON: {_plain(str(error))}") from None
    value = parsed.value if parsed.value is not None else {}
    if not isinstance(value, dict):
        kind = "array" if isinstance(value, list) else "string" if isinstance(value, str) else "number"
        raise BadRequest(
            "error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
            f"{kind} into Go value of type map[string]interface {{}}"
        )
    if parsed.strict and call.query.get("fieldValidation") == ["Strict"]:
        raise BadRequest(f"error strict decoding YAML: {', '.join(parsed.strict)}")
    resource = call.served.resource
    api_version, kind = value.get("apiVersion") or "", value.get("kind") or ""
    if (api_version, kind) != (resource.api_version, resource.kind):
        shown = api_version if "/" in api_version else f"/{api_version}"
        raise BadRequest(f"invalid object type: {shown}, Kind={kind}")
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        raise BadRequest("metadata.managedFields must be nil")
    return value


def _check_new(call: Call, obj: Object) -> None:
    """An apply that would create must not insist on a version or a uid."""
    metadata = obj["metadata"]
    if metadata.get("uid") or metadata.get("resourceVersion"):
        resource = call.served.resource
        raise NotFound.of(resource.group, resource.plural, call.info.name)

"""VolumeAttachment: the intent to attach a volume to a node.

Invariants: the spec never changes; the volume is named, or given inline, not both. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.persistent_volume_spec import default_volume_source, validate_volume_spec
from steersman.api.core.podspec.validation.common import each, subdomain
from steersman.api.core.podspec.validation.volumes import validate_csi_driver_name
from steersman.api.errors import FieldError, forbidden, invalid, required, too_long, too_long_characters
from steersman.api.meta.names import byte_length, dns1123_subdomain_caseless, in_range_message
from steersman.api.meta.object_meta import IMMUTABLE
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

METADATA_BYTES_MAX = 256 * 1024
MESSAGE_BYTES_MAX = 1024
ATTACHER_MAX = 63
_EXACTLY_ONE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"


def _default(obj: Object) -> None:
    if (inline := at(obj, "spec", "source", "inlineVolumeSpec")) is not None:
        default_volume_source(inline)


def _prepare_create(obj: Object, _ctx: Context) -> None:
    obj["status"] = {"attached": False}


def _validate_attachment(obj: Object) -> list[FieldError]:
    """The rules in code; those declared at the type are told last."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    source = spec.get("source") or {}
    errors = _validate_source(source, "spec.source")
    errors += subdomain(spec.get("nodeName") or "", "spec.nodeName")
    metadata = status.get("attachmentMetadata") or {}
    if sum(byte_length(key) + byte_length(value) for key, value in metadata.items()) > METADATA_BYTES_MAX:
        errors.append(too_long("status.attachmentMetadata", METADATA_BYTES_MAX))
    for name in ("attachError", "detachError"):
        if (problem := status.get(name)) is not None:
            errors += _validate_problem(problem, f"status.{name}")
    if (volume := source.get("persistentVolumeName")) is not None:
        errors += subdomain(volume, "spec.source.persistentVolumeName")
    return errors


def _validate_source(source: Object, path: str) -> list[FieldError]:
    volume, inline = source.get("persistentVolumeName"), source.get("inlineVolumeSpec")
    if volume is not None and inline is not None:
        return [forbidden(path, _EXACTLY_ONE)]
    if volume is not None:
        at_name = f"{path}.persistentVolumeName"
        return [] if volume else [required(at_name, "must specify non empty persistentVolumeName")]
    if inline is not None:
        return validate_volume_spec(inline, "", f"{path}.inlineVolumeSpec", inline=True)
    return [required(path, _EXACTLY_ONE)]


def _validate_problem(problem: Object, path: str) -> list[FieldError]:
    errors = []
    if byte_length(problem.get("message") or "") > MESSAGE_BYTES_MAX:
        errors.append(too_long(f"{path}.message", MESSAGE_BYTES_MAX))
    code = problem.get("errorCode")
    if code is not None and code < 0:
        errors.append(invalid(f"{path}.errorCode", code, in_range_message(0, 2**31 - 1)))
    return errors


def _validate(obj: Object) -> list[FieldError]:
    attacher, path = at(obj, "spec", "attacher", default=""), "spec.attacher"
    errors = _validate_attachment(obj)
    if byte_length(attacher) > ATTACHER_MAX >= len(attacher):
        # Counted in bytes by the rule in code, in characters by the declared one that otherwise replaces it.
        errors.insert(0, too_long(path, ATTACHER_MAX))
    if not attacher:
        return [*errors, required(path)]
    errors += each(path, attacher, dns1123_subdomain_caseless(attacher))
    return errors + ([too_long_characters(path, ATTACHER_MAX)] if len(attacher) > ATTACHER_MAX else [])


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    """A changed spec is judged by the rules in code alone, all of them."""
    errors = _validate_attachment(new)
    if new.get("spec") == old.get("spec"):
        return errors
    attacher = validate_csi_driver_name(at(new, "spec", "attacher", default=""), "spec.attacher")
    return [*attacher, *errors, invalid("spec", None, IMMUTABLE)]


VOLUME_ATTACHMENTS = Resource(
    group="storage.k8s.io",
    version="v1",
    kind="VolumeAttachment",
    plural="volumeattachments",
    singular="volumeattachment",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.storage.v1.VolumeAttachment"),
    subresources=(
        Subresource(
            name="status",
            verbs=("get", "patch", "update"),
            update=status_view(_validate_update, keep_metadata=True),
        ),
    ),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        validate=_validate,
        validate_update=_validate_update,
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
        delete_returns_object=True,
    ),
    columns=(
        Column("Attacher", "string", lambda obj, _now: at(obj, "spec", "attacher", default=""), format="name"),
        Column("PV", "string", lambda obj, _now: at(obj, "spec", "source", "persistentVolumeName", default="")),
        Column("Node", "string", lambda obj, _now: at(obj, "spec", "nodeName", default="")),
        Column("Attached", "boolean", lambda obj, _now: at(obj, "status", "attached", default=False)),
        AGE,
    ),
)

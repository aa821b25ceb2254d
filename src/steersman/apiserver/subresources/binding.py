"""pods/binding (and bindings): give a pod its node.

Writes: pods (spec.nodeName, condition PodScheduled, annotations and labels of the Binding), if the pod has no node,
is not being deleted and has no scheduling gates left. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.errors import BadRequest, Conflict, NotFound, invalid, not_supported, required
from steersman.api.meta.names import name_is_dns_subdomain
from steersman.api.meta.times import format_time
from steersman.api.resource import Subresource, UpdateStrategy
from steersman.apiserver.subresources.common import Kind, Unexplained, admitted, done
from steersman.apiserver.verbs.naming import fit_namespace
from steersman.apiserver.write import Write

if TYPE_CHECKING:
    from steersman.api.errors import FieldError
    from steersman.api.meta.types import Object
    from steersman.apiserver.call import Call
    from steersman.apiserver.service import Service
    from steersman.lib.http.message import Response

_BINDING = Kind(group="", version="v1", kind="Binding", definition="io.k8s.api.core.v1.Binding")
_VIEW = Subresource(name="binding", verbs=("create",), update=UpdateStrategy(raises_generation=False))


async def bind(call: Call, service: Service) -> Response:
    """Raises NotFound, Conflict, BadRequest."""
    options = call.write_options("CreateOptions")
    binding = _BINDING.read(call, service, validation=options.field_validation)
    fit_namespace(call, binding)
    metadata = binding["metadata"]
    if call.info.subresource and metadata.get("name") != call.info.name:
        raise BadRequest("name in URL does not match name in Binding object")
    name = metadata.get("name", "")
    errors = _errors(binding["target"])
    if errors:
        texts = [str(error) for error in errors]
        raise Unexplained(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")
    write = Write(
        served=service.resources.of(PODS),
        namespace=call.info.namespace,
        name=name,
        user=call.user,
        now=call.now,
        subresource=_VIEW,
        dry_run=options.dry_run,
        warnings=call.warnings,
    )
    asked = call.write(options, "CreateOptions", name=name)
    metadata = (await admitted(call, service, asked, binding))["metadata"]
    moment = format_time(call.now)

    def assign(old: Object | None) -> Object:
        if old is None:
            raise NotFound.of("", "pods", name)
        asked, found = metadata.get("resourceVersion"), old["metadata"]["resourceVersion"]
        if asked and asked != found:
            raise _wrong_version(write, asked, found)
        _check(old, name)
        return _assigned(old, binding, moment)

    await service.pipeline.update(
        write, assign, uid=metadata.get("uid") or None, default=False, own_fields=False, review=False
    )
    return done(call)


def _wrong_version(write: Write, asked: str, found: str) -> Conflict:
    """Upstream hands the version on as a precondition of the store."""
    why = (
        f"StorageError: invalid object, Code: 4, Key: {write.served.key(write.namespace, write.name)}, "
        f"ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ResourceVersion in precondition: {asked}, "
        f"ResourceVersion in object meta: {found}"
    )
    return Conflict.of("", "pods", write.name, why)


def _errors(target: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    if target.get("kind") not in (None, "", "Node"):
        errors.append(not_supported("target.kind", target["kind"], ("Node", "<empty>")))
    name = target.get("name", "")
    if not name:
        errors.append(required("target.name"))
    errors += [invalid("target.name", name, message) for message in (name_is_dns_subdomain(name) if name else ())]
    return errors


def _check(pod: Object, name: str) -> None:
    why = ""
    spec = pod["spec"]
    if pod["metadata"].get("deletionTimestamp"):
        why = f"pod {name} is being deleted, cannot be assigned to a host"
    elif spec.get("nodeName"):
        why = f'pod {name} is already assigned to node "{spec["nodeName"]}"'
    elif spec.get("schedulingGates"):
        why = f"pod {name} has non-empty .spec.schedulingGates"
    if why:
        raise Conflict.of("", "pods/binding", name, why)


def _assigned(pod: Object, binding: Object, moment: str) -> Object:
    """The pod with its node, in normal form as `pod` is; nothing of `pod` is changed."""
    metadata = dict(pod["metadata"])
    for field in ("annotations", "labels"):
        more = binding["metadata"].get(field)
        if more:
            metadata[field] = (metadata.get(field) or {}) | more
    status = dict(pod.get("status") or {})
    scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": moment}
    status["conditions"] = [c for c in status.get("conditions") or () if c["type"] != "PodScheduled"] + [scheduled]
    spec = pod["spec"] | {"nodeName": binding["target"]["name"]}
    return pod | {"metadata": metadata, "spec": spec, "status": status}

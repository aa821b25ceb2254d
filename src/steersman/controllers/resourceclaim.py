"""resourceclaim: ResourceClaims of templates for pods; and claims that nobody uses any more are free for others.

Reads: pods, resourceclaims, resourceclaimtemplates. Writes: resourceclaims (create, delete, finalizer; status:
reservedFor, allocation), pods (status: which claims were made for it), events. Pods and claims that the caches do not
show are looked at where they are kept.
Keys: pods and claims, told apart by a prefix of the name (`pod_key`, `claim_key`).
Invariants: a reservation is removed only when its pod is known to be gone or to have ended; an allocation is given up
with the last reservation; of one claim of a pod one ResourceClaim is made.
Upstream differences: a missing template is waited for and not tried again and again; nothing is done for PodGroups
(the feature gate DRAWorkloadResourceClaims is off).
Upstream: pkg/controller/resourceclaim.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.dra.resource_claim import RESOURCE_CLAIMS
from steersman.api.dra.resource_claim_template import RESOURCE_CLAIM_TEMPLATES
from steersman.api.errors import ApiError, NotFound
from steersman.client.client import key_of
from steersman.client.request import Key, PatchType
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.ownership import controller_of
from steersman.controllers.pending import Pending
from steersman.controllers.pods import is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object

POD_CLAIM = "resource.kubernetes.io/pod-claim-name"
FINALIZER = "resource.kubernetes.io/delete-protection"
BASE_MAX = 57
"""Of a generated name; a dash and five random characters come behind it."""
GONE_MAX = 500
"""Pods that are remembered as deleted."""
_BY_CLAIM = "pods by claim"
_BY_TEMPLATE = "pods by claim template"
_BY_OWNER = "claims by the uid of their pod"
_POD, _CLAIM = "pod:", "claim:"


class ResourceClaims(Controller):
    """See the module."""

    name = "resourceclaim"
    account = "resource-claim-controller"
    component = "resource_claim"
    reads = (PODS, RESOURCE_CLAIMS, RESOURCE_CLAIM_TEMPLATES)
    writes = (
        Writes(PODS, ("get",)),
        Writes(PODS, ("patch",), "status"),
        Writes(PODS, ("update",), "finalizers"),
        Writes(RESOURCE_CLAIMS, ("create", "delete", "get", "update")),
        Writes(RESOURCE_CLAIMS, ("update",), "status"),
        Writes(RESOURCE_CLAIMS, ("update",), "binding"),
    )

    def setup(self) -> None:
        self._pending = Pending(view=self.view, resource=RESOURCE_CLAIMS)
        self._gone: dict[str, None] = {}
        self.index(PODS, _BY_CLAIM, lambda pod: [_place(pod, name) for name in claims_of(pod)])
        self.index(PODS, _BY_TEMPLATE, lambda pod: [_place(pod, name) for name in templates_of(pod)])
        self.index(RESOURCE_CLAIMS, _BY_OWNER, lambda claim: [uid] if (uid := owning_pod(claim)[1]) else [])
        self.on(PODS, self._of_pod)
        self.on(RESOURCE_CLAIMS, self._of_claim)
        self.on(RESOURCE_CLAIM_TEMPLATES, self._of_template)

    async def reconcile(self, key: Key) -> Requeue | None:
        if key.name.startswith(_POD):
            await self._reconcile_pod(key, Key(key.namespace, key.name.removeprefix(_POD)))
        else:
            await self._reconcile_claim(Key(key.namespace, key.name.removeprefix(_CLAIM)))
        return None

    # -- pods

    async def _reconcile_pod(self, key: Key, place: Key) -> None:
        pod = self.view.get(PODS, place)
        if pod is None:
            self._pending.forget(key)
            return
        # Who has ended needs no claims: those that are deleted for that reason must not come back.
        if pod["metadata"].get("deletionTimestamp") or is_done(pod) or not self._pending.settled(key):
            return
        made: dict[str, str] = {}
        for entry in pod["spec"].get("resourceClaims") or ():
            try:
                if (name := await self._ensure(key, pod, entry)) is not None:
                    made[entry["name"]] = name
            except ApiError as error:
                self._tell_failure(pod, entry, f"create ResourceClaim : {error}")
                raise
            except LookupError as error:
                self._tell_failure(pod, entry, str(error.args[0]))
                return  # the template wakes the pod up when it comes
        if made:
            await self._record(place, pod, made)
        if pod["spec"].get("nodeName"):
            await self._reserve(pod)

    async def _ensure(self, key: Key, pod: Object, entry: Object) -> str | None:
        """The name of the claim that was made, or found, for an entry of a pod; None if there is nothing to note.

        Raises LookupError with a text if there is no template.
        """
        template_name = entry.get("resourceClaimTemplateName")
        known, name = recorded_claim(pod, entry)
        if template_name is None or (known and (name is None or await self._exists(pod, name))):
            return None
        for claim in self.view.by_index(RESOURCE_CLAIMS, _BY_OWNER, pod["metadata"]["uid"]):
            if (claim["metadata"].get("annotations") or {}).get(POD_CLAIM) == entry["name"]:
                return str(claim["metadata"]["name"])
        template = self.view.get(RESOURCE_CLAIM_TEMPLATES, Key(pod["metadata"]["namespace"], template_name))
        if template is None:
            text = f'resourceclaimtemplate.resource.k8s.io "{template_name}" not found'
            raise LookupError(f'resource claim template "{template_name}": {text}')
        answer = await self.client.create(RESOURCE_CLAIMS, new_claim(pod, entry["name"], template))
        self._pending.created(key, answer)
        return str(answer["metadata"]["name"])

    async def _exists(self, pod: Object, name: str) -> bool:
        """Whether a pod's claim is there, and its own."""
        place = Key(pod["metadata"]["namespace"], name)
        claim = self.view.get(RESOURCE_CLAIMS, place)
        if claim is None:
            try:
                claim = await self.client.get(RESOURCE_CLAIMS, place)
            except NotFound:
                return False
        return is_for(claim, pod)

    async def _record(self, place: Key, pod: Object, made: dict[str, str]) -> None:
        known = {
            status["name"]: status["resourceClaimName"]
            for status in (pod.get("status") or {}).get("resourceClaimStatuses") or ()
            if status.get("resourceClaimName") is not None
        }
        names = sorted((known | made).items())
        applied = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": place.name, "namespace": place.namespace},
            "status": {"resourceClaimStatuses": [{"name": name, "resourceClaimName": claim} for name, claim in names]},
        }
        await self.client.patch(PODS, place, applied, kind=PatchType.APPLY, subresource="status", force=True)

    async def _reserve(self, pod: Object) -> None:
        """For a pod that somebody put on a node without asking the scheduler."""
        for entry in pod["spec"].get("resourceClaims") or ():
            known, name = recorded_claim(pod, entry)
            if not known or name is None:
                continue
            claim = self.view.get(RESOURCE_CLAIMS, Key(pod["metadata"]["namespace"], name))
            if claim is None or (entry.get("resourceClaimTemplateName") and not is_for(claim, pod)):
                return
            reserved = plan_reservation(claim, pod)
            if reserved is not None:
                await self.client.update_status(RESOURCE_CLAIMS, reserved)

    def _tell_failure(self, pod: Object, entry: Object, why: str) -> None:
        text = f"PodResourceClaim {entry['name']}: {why}"
        self.recorder.event(pod, "Warning", "FailedResourceClaimCreation", text)

    # -- claims

    async def _reconcile_claim(self, place: Key) -> None:
        claim = self.view.get(RESOURCE_CLAIMS, place)
        if claim is None:
            return
        consumers = (claim.get("status") or {}).get("reservedFor") or ()
        remaining = [each for each in consumers if await self._still_needs(place.namespace, each)]
        freed = plan_release(claim, remaining)
        if freed is not None:
            current = claim
            if freed != (claim.get("status") or {}):
                current = await self.client.update_status(RESOURCE_CLAIMS, claim | {"status": freed})
            await self._unprotect(current)
        if not remaining:
            await self._delete_unneeded(place, claim)

    async def _still_needs(self, namespace: str, consumer: Object) -> bool:
        if consumer.get("apiGroup") or consumer["resource"] != "pods":
            return True  # whoever made that reservation removes it
        if consumer["uid"] in self._gone:
            return False
        place = Key(namespace, consumer["name"])
        pod = self.view.get(PODS, place)
        if pod is None:
            # It may be too new for the cache.
            try:
                pod = await self.client.get(PODS, place)
            except NotFound:
                return False
            return bool(pod["metadata"]["uid"] == consumer["uid"])
        return pod["metadata"]["uid"] == consumer["uid"] and not is_done(pod)

    async def _unprotect(self, claim: Object) -> None:
        metadata = claim["metadata"]
        finalizers = metadata.get("finalizers") or []
        if FINALIZER in finalizers and not (claim.get("status") or {}).get("allocation"):
            rest = [each for each in finalizers if each != FINALIZER]
            await self.client.update(RESOURCE_CLAIMS, claim | {"metadata": metadata | {"finalizers": rest}})

    async def _delete_unneeded(self, place: Key, claim: Object) -> None:
        """Of a pod that does not run any more; of one that is gone the garbage collector does it."""
        name, uid = owning_pod(claim)
        pod = self.view.get(PODS, Key(place.namespace, name)) if name else None
        if pod is None or claim["metadata"].get("deletionTimestamp"):
            return
        if pod["metadata"]["uid"] != uid or is_done(pod):
            try:
                await self.client.delete(RESOURCE_CLAIMS, place, uid=claim["metadata"]["uid"])
            except NotFound:
                return

    # -- which keys a change concerns

    def _of_pod(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        pod = new if new is not None else old
        assert pod is not None
        names = claims_of(pod)
        if new is None:
            if names:
                self._gone[pod["metadata"]["uid"]] = None
            if len(self._gone) > GONE_MAX:
                del self._gone[next(iter(self._gone))]
        elif pod["spec"].get("resourceClaims"):
            yield pod_key(pod)
        if new is None or is_done(pod):
            yield from (claim_key(pod["metadata"]["namespace"], name) for name in names)

    def _of_claim(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        claim = new if new is not None else old
        assert claim is not None
        namespace, name = key_of(claim)
        if new is not None:
            yield claim_key(namespace, name)
        owner, _ = owning_pod(claim)
        if owner:
            yield Key(namespace, _POD + owner)
        yield from map(pod_key, self.view.by_index(PODS, _BY_CLAIM, _place(claim, name)))

    def _of_template(self, _old: Object | None, new: Object | None) -> Iterable[Key]:
        if new is not None:
            yield from map(pod_key, self.view.by_index(PODS, _BY_TEMPLATE, _place(new, new["metadata"]["name"])))


def pod_key(pod: Object) -> Key:
    """What stands for a pod in the queue."""
    return Key(pod["metadata"]["namespace"], _POD + pod["metadata"]["name"])


def claim_key(namespace: str, name: str) -> Key:
    """What stands for a claim in the queue."""
    return Key(namespace, _CLAIM + name)


def is_done(pod: Object) -> bool:
    """It does not need its claims any more."""
    return is_terminal(pod) or bool(pod["metadata"].get("deletionTimestamp") and not pod["spec"].get("nodeName"))


def recorded_claim(pod: Object, entry: Object) -> tuple[bool, str | None]:
    """Whether it is known which claim an entry of spec.resourceClaims means, and its name; None: it needs none."""
    if entry.get("resourceClaimName") is not None:
        return True, entry["resourceClaimName"]
    for status in (pod.get("status") or {}).get("resourceClaimStatuses") or ():
        if status["name"] == entry["name"]:
            return True, status.get("resourceClaimName")
    return False, None


def claims_of(pod: Object) -> list[str]:
    """The names of the claims that a pod uses, as far as they are known."""
    entries = pod["spec"].get("resourceClaims") or ()
    names = [name for entry in entries if (name := recorded_claim(pod, entry)[1]) is not None]
    extended = ((pod.get("status") or {}).get("extendedResourceClaimStatus") or {}).get("resourceClaimName")
    return [*names, extended] if extended else names


def templates_of(pod: Object) -> list[str]:
    entries = pod["spec"].get("resourceClaims") or ()
    return [entry["resourceClaimTemplateName"] for entry in entries if entry.get("resourceClaimTemplateName")]


def owning_pod(claim: Object) -> tuple[str, str]:
    """Name and uid of the pod that a claim was made for; empty for none."""
    owner = controller_of(claim)
    if owner is None or owner.get("apiVersion") != "v1" or owner["kind"] != "Pod":
        return "", ""
    return owner["name"], owner["uid"]


def is_for(claim: Object, pod: Object) -> bool:
    """Whether a claim was made for this very pod."""
    return owning_pod(claim)[1] == str(pod["metadata"]["uid"])


def new_claim(pod: Object, entry_name: str, template: Object) -> Object:
    """The claim for an entry of a pod."""
    metadata, spec = pod["metadata"], template["spec"]
    given = spec.get("metadata") or {}
    owner = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"], "controller": True}
    made: Object = {
        "generateName": generate_base(metadata["name"], entry_name),
        "namespace": metadata["namespace"],
        "ownerReferences": [owner],
        "annotations": (given.get("annotations") or {}) | {POD_CLAIM: entry_name},
    }
    if given.get("labels"):
        made["labels"] = given["labels"]
    api_version = RESOURCE_CLAIMS.api_version
    return {"apiVersion": api_version, "kind": RESOURCE_CLAIMS.kind, "metadata": made, "spec": spec["spec"]}


def generate_base(pod_name: str, entry_name: str) -> str:
    """What a claim's name begins with; what is too long is cut from both names in proportion."""
    base = f"{pod_name}-{entry_name}-"
    if len(base) <= BASE_MAX:
        return base
    cut = f"{pod_name[: len(pod_name) * BASE_MAX // len(base)]}-"
    return cut + entry_name[: len(entry_name) * BASE_MAX // len(base)]


def plan_reservation(claim: Object, pod: Object) -> Object | None:
    """The claim reserved for a pod; None if it is already, or is not allocated."""
    status, metadata = claim.get("status") or {}, pod["metadata"]
    reserved: Sequence[Object] = status.get("reservedFor") or ()
    if not status.get("allocation") or any(each["uid"] == metadata["uid"] for each in reserved):
        return None
    consumer = {"resource": "pods", "name": metadata["name"], "uid": metadata["uid"]}
    return claim | {"status": status | {"reservedFor": [*reserved, consumer]}}


def plan_release(claim: Object, remaining: Sequence[Object]) -> Object | None:
    """The status of a claim that only `remaining` consumers use; None if nothing is to be done about it.

    The same status means that it is only protected in vain.
    """
    status = claim.get("status") or {}
    protected = FINALIZER in (claim["metadata"].get("finalizers") or ())
    released = len(remaining) < len(status.get("reservedFor") or ())
    unused = not remaining and protected and (released or claim["metadata"].get("deletionTimestamp"))
    if not released and not unused:
        return None
    left = {name: value for name, value in status.items() if name != "reservedFor"}
    if remaining:
        left["reservedFor"] = list(remaining)
    if unused:
        left.pop("allocation", None)
    return left


def _place(obj: Object, name: str) -> str:
    return f"{obj['metadata']['namespace']}/{name}"

"""creation: makes the ReplicaSet of a Deployment's template, and finds out what stands in the way of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.errors import AlreadyExists
from steersman.client.client import key_of
from steersman.controllers.deployment.replica_sets import HASH_LABEL, same_template
from steersman.controllers.deployment.revisions import plan_annotations, replicas_annotations
from steersman.controllers.hashes import template_hash
from steersman.controllers.ownership import controller_of, reference_to

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.client.client import Client

_NAME_MAX = 253


class CollisionError(Exception):
    """The name that the template's hash makes is taken by another; the message says whose it should have been."""


def render_replica_set(deployment: Object, *, replicas: int, revision: int) -> Object:
    """Pure. The hash of the template tells its pods from those of other templates."""
    spec, metadata = deployment["spec"], deployment["metadata"]
    template = spec["template"]
    suffix = template_hash(template, (deployment.get("status") or {}).get("collisionCount"))
    labels = ((template.get("metadata") or {}).get("labels") or {}) | {HASH_LABEL: suffix}
    selector = spec.get("selector") or {}
    made: Object = {
        "apiVersion": REPLICA_SETS.api_version,
        "kind": REPLICA_SETS.kind,
        "metadata": {
            "name": replica_set_name(metadata["name"], suffix),
            "namespace": metadata["namespace"],
            "labels": labels,
            "ownerReferences": [reference_to(deployment, DEPLOYMENTS)],
        },
        "spec": {
            "replicas": replicas,
            "selector": selector | {"matchLabels": (selector.get("matchLabels") or {}) | {HASH_LABEL: suffix}},
            "template": template | {"metadata": (template.get("metadata") or {}) | {"labels": labels}},
        },
    }
    if spec.get("minReadySeconds"):
        made["spec"]["minReadySeconds"] = spec["minReadySeconds"]
    annotations = plan_annotations(deployment, made, revision) | replicas_annotations(deployment)
    made["metadata"]["annotations"] = annotations
    return made


def replica_set_name(deployment: str, suffix: str) -> str:
    """The same for the same template, so that it is made only once."""
    return f"{deployment[: _NAME_MAX - 1 - len(suffix)]}-{suffix}"


async def create_replica_set(client: Client, deployment: Object, wanted: Object) -> tuple[Object, bool]:
    """What exists now, and whether it was made just now. Raises CollisionError, ApiError, TransportError."""
    try:
        return await client.create(REPLICA_SETS, wanted), True
    except AlreadyExists:
        # Made before, and the cache does not show it yet; or it is not what its name says.
        found = await client.get(REPLICA_SETS, key_of(wanted))
    owner = controller_of(found)
    mine = owner is not None and owner["uid"] == deployment["metadata"]["uid"]
    if mine and same_template(deployment["spec"]["template"], found["spec"]["template"]):
        return found, False
    raise CollisionError(f"ReplicaSet {key_of(wanted)} has another template than the one that its name is made of")

"""identity: what makes a pod the pod of an ordinal: its name, labels, host name and volumes. Pure.

Upstream: stateful_set_utils.go.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steersman.api.apps.stateful_set import STATEFUL_SETS
from steersman.controllers.ownership import reference_to
from steersman.controllers.pods import pod_of_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.api.meta.types import Object

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"
REVISION = "controller-revision-hash"
_MEMBER = re.compile(r"(.*)-([0-9]+)", re.ASCII | re.DOTALL)
_ORDINAL_MAX = (1 << 31) - 1


def parent_and_ordinal(name: str) -> tuple[str, int]:
    """Whose pod it is by its name, and which; ("", -1) for a name that no StatefulSet gives, -1 for no ordinal."""
    match = _MEMBER.fullmatch(name)
    if match is None:
        return "", -1
    ordinal = int(match[2])
    return match[1], ordinal if ordinal <= _ORDINAL_MAX else -1


def ordinal_of(pod: Object) -> int:
    return parent_and_ordinal(pod["metadata"]["name"])[1]


def is_member(stateful_set: Object, pod: Object) -> bool:
    parent, _ = parent_and_ordinal(pod["metadata"]["name"])
    return bool(parent == stateful_set["metadata"]["name"])


def ordinals(stateful_set: Object) -> range:
    """Those that there should be."""
    spec = stateful_set["spec"]
    start = (spec.get("ordinals") or {}).get("start", 0)
    return range(start, start + spec["replicas"])


def revision_of(pod: Object) -> str:
    """The name of the revision that it was made of; empty if nobody noted it."""
    name: str = (pod["metadata"].get("labels") or {}).get(REVISION, "")
    return name


def claim_name(stateful_set: Object, template: Object, ordinal: int) -> str:
    return f"{template['metadata']['name']}-{stateful_set['metadata']['name']}-{ordinal}"


def claim_templates(stateful_set: Object) -> list[Object]:
    return stateful_set["spec"].get("volumeClaimTemplates") or []


def claim_names(stateful_set: Object, ordinal: int) -> dict[str, str]:
    """Of each claim template the claim of an ordinal."""
    return {
        template["metadata"]["name"]: claim_name(stateful_set, template, ordinal)
        for template in claim_templates(stateful_set)
    }


def has_identity(stateful_set: Object, pod: Object) -> bool:
    """It is named, and says that it is named, as the pod of its ordinal is."""
    name = pod["metadata"]["name"]
    parent, ordinal = parent_and_ordinal(name)
    return (
        ordinal >= 0
        and parent == stateful_set["metadata"]["name"]
        and name == f"{parent}-{ordinal}"
        and (pod["metadata"].get("labels") or {}).get(POD_NAME) == name
    )


def has_storage(stateful_set: Object, pod: Object) -> bool:
    """Its volumes are the claims of its ordinal."""
    ordinal = ordinal_of(pod)
    if ordinal < 0:
        return False
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or ()}
    return all(
        (volumes.get(name, {}).get("persistentVolumeClaim") or {}).get("claimName") == claim
        for name, claim in claim_names(stateful_set, ordinal).items()
    )


def with_identity(pod: Object) -> Object:
    """A pod with the labels that its name asks for."""
    metadata = pod["metadata"]
    names = {POD_NAME: metadata["name"], POD_INDEX: str(ordinal_of(pod))}
    return pod | {"metadata": metadata | {"labels": (metadata.get("labels") or {}) | names}}


def with_storage(stateful_set: Object, pod: Object) -> Object:
    """A pod with the volumes that its ordinal asks for, in place of others of their names."""
    spec = pod["spec"]
    claims = claim_names(stateful_set, ordinal_of(pod))
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": claim}} for name, claim in claims.items()]
    volumes += [volume for volume in spec.get("volumes") or () if volume["name"] not in claims]
    return pod | {"spec": spec | {"volumes": volumes}} if volumes else pod


def new_pod(stateful_set: Object, template: Object, ordinal: int, revision: str) -> Object:
    """The pod of an ordinal. `template`: of the revision of that name."""
    owner = stateful_set["metadata"]
    pod = pod_of_template(
        template,
        owner=owner["name"],
        namespace=owner["namespace"],
        reference=reference_to(stateful_set, STATEFUL_SETS),
    )
    name = f"{owner['name']}-{ordinal}"
    metadata, spec = pod["metadata"], pod["spec"]
    labels = (metadata.get("labels") or {}) | {REVISION: revision}
    spec = spec | {"hostname": name}
    service = stateful_set["spec"].get("serviceName")
    if service:
        spec = spec | {"subdomain": service}
    pod = pod | {"metadata": metadata | {"name": name, "labels": labels}, "spec": spec}
    return with_storage(stateful_set, with_identity(pod))


def sets_of_claim(name: str, stateful_sets: Iterable[Object]) -> Iterator[Object]:
    """Those that make a claim of this name."""
    parent, ordinal = parent_and_ordinal(name)
    if ordinal >= 0:
        for stateful_set in stateful_sets:
            owner = stateful_set["metadata"]["name"]
            if any(parent == f"{each['metadata']['name']}-{owner}" for each in claim_templates(stateful_set)):
                yield stateful_set

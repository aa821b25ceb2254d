"""rollback: a Deployment that is to have an earlier template again, as clients of extensions/v1beta1 asked for. Pure.

apps/v1 carries their wish as an annotation; kubectl rollout undo writes the template by itself instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.apps.deployment import ROLLBACK_TO
from steersman.api.meta.labels import parse_int64
from steersman.controllers.deployment.replica_sets import Sets, same_template, without_hash
from steersman.controllers.deployment.revisions import annotations_of, copied, kept, last_revision, revision_of

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


@dataclass(frozen=True, slots=True)
class Rollback:
    """The Deployment to write, without the wish; and the event that tells of it."""

    deployment: Object
    type: str
    reason: str
    message: str


def wanted_revision(deployment: Object) -> int | None:
    """0: the last one. None: there is no such wish."""
    return parse_int64(annotations_of(deployment).get(ROLLBACK_TO, ""))


def plan_rollback(deployment: Object, sets: Sets) -> Rollback:
    name = deployment["metadata"]["name"]
    plain = _annotated(deployment, annotations_of(deployment))
    missing = "DeploymentRollbackRevisionNotFound"
    revision = wanted_revision(deployment) or last_revision(sets.all)
    if not revision:
        return Rollback(plain, "Warning", missing, "Unable to find last revision.")
    found = next((each for each in sets.all if revision_of(each) == revision), None)
    if found is None:
        return Rollback(plain, "Warning", missing, "Unable to find the revision to rollback to.")
    template = found["spec"]["template"]
    if same_template(deployment["spec"]["template"], template):
        message = f'The rollback revision contains the same template as current deployment "{name}"'
        return Rollback(plain, "Warning", "DeploymentRollbackTemplateUnchanged", message)
    # With the template come the annotations that described it: what changed, and why.
    annotations = kept(annotations_of(deployment)) | copied(annotations_of(found))
    changed = _annotated(deployment, annotations)
    changed["spec"] = deployment["spec"] | {"template": without_hash(template)}
    message = f'Rolled back deployment "{name}" to revision {revision}'
    return Rollback(changed, "Normal", "DeploymentRollback", message)


def _annotated(deployment: Object, annotations: dict[str, str]) -> Object:
    rest = {name: value for name, value in annotations.items() if name != ROLLBACK_TO}
    return deployment | {"metadata": deployment["metadata"] | {"annotations": rest}}

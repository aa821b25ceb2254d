"""template: what the pods of a Job are like. Pure.

A pod of an indexed Job knows its index by annotation, label, environment and host name. The tracking finalizer keeps
every pod until it is counted.
Upstream: pkg/controller/job/indexed_job_utils.go, manageJob of job_controller.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.batch.job import JOBS
from steersman.controllers.job.failures import FAILURES, IGNORED_FAILURES, failures_with
from steersman.controllers.job.indexes import COMPLETION_INDEX
from steersman.controllers.ownership import reference_to
from steersman.controllers.pods import NAME_PREFIX_MAX, pod_of_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

TRACKING = "batch.kubernetes.io/job-tracking"
"""The finalizer."""
INDEX_VARIABLE = "JOB_COMPLETION_INDEX"


def is_tracked(pod: Object) -> bool:
    return TRACKING in (pod["metadata"].get("finalizers") or ())


def pod_of_job(job: Object, *, index: int | None = None, replaced: Object | None = None) -> Object:
    """A new pod. `index`: of an indexed Job; `replaced`: the last pod of that index that failed."""
    metadata = job["metadata"]
    pod = pod_of_template(
        job["spec"]["template"],
        owner=metadata["name"],
        namespace=metadata["namespace"],
        reference=reference_to(job, JOBS),
    )
    finalizers = pod["metadata"].get("finalizers") or []
    pod["metadata"]["finalizers"] = finalizers if TRACKING in finalizers else [*finalizers, TRACKING]
    return pod if index is None else _indexed(pod, job, index, replaced)


def _indexed(pod: Object, job: Object, index: int, replaced: Object | None) -> Object:
    metadata, spec, name = pod["metadata"], pod["spec"], job["metadata"]["name"]
    number = {COMPLETION_INDEX: str(index)}
    annotations = (metadata.get("annotations") or {}) | number
    if job["spec"].get("backoffLimitPerIndex") is not None:
        counted, ignored = failures_with(replaced, job)
        annotations[FAILURES] = str(counted)
        if ignored:
            annotations[IGNORED_FAILURES] = str(ignored)
    told = {kind: _with_index(spec[kind]) for kind in ("initContainers", "containers") if spec.get(kind)}
    return pod | {
        "metadata": metadata
        | {
            "generateName": name_prefix_of_index(name, index),
            "annotations": annotations,
            "labels": (metadata.get("labels") or {}) | number,
        },
        "spec": spec | told | {"hostname": f"{name}-{index}"},
    }


def name_prefix_of_index(job: str, index: int) -> str:
    """The Job's name gives way when both are too long."""
    tail = f"-{index}-"
    return job[: NAME_PREFIX_MAX - len(tail)] + tail


def _with_index(containers: Sequence[Object]) -> list[Object]:
    variable = {
        "name": INDEX_VARIABLE,
        "valueFrom": {"fieldRef": {"fieldPath": f"metadata.labels['{COMPLETION_INDEX}']"}},
    }
    return [
        container
        if any(each["name"] == INDEX_VARIABLE for each in container.get("env") or ())
        else container | {"env": [*(container.get("env") or ()), variable]}
        for container in containers
    ]

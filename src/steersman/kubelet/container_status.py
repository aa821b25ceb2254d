"""What the API is told of one container. Pure. Upstream: convertToAPIContainerStatuses of kubelet_pods.go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.kubelet.phase import RESTARTING_ALL

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.runtimes.interface import ContainerRecord

CREATING, INITIALIZING = "ContainerCreating", "PodInitializing"
UNKNOWN = "ContainerStatusUnknown"
EXIT_UNKNOWN = 137
_LOST = "The container could not be located when the pod was terminated"
_WAS_RUNNING = "The container could not be located when the pod was deleted.  The container used to be Running"
_LOST_END = {"exitCode": EXIT_UNKNOWN, "reason": UNKNOWN, "message": _LOST, "startedAt": None, "finishedAt": None}
_REMOVED = "The container is removed because RestartAllContainers in place"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a container does not run yet, or not again."""

    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What probes say of a container's present run."""

    started: bool
    ready: bool


NOTHING = Verdict(started=False, ready=False)


def container_status(
    container: Object,
    *,
    pod_spec: Object,
    record: ContainerRecord | None,
    previous: ContainerRecord | None,
    old: Object | None,
    verdict: Verdict,
    waiting: Waiting | None,
) -> Object:
    """The status of a container.

    old      what was told before: the ends of runs that the runtime forgot are kept from it
    waiting  for one that is not running, and is to be started
    """
    status: Object = {
        "name": container["name"],
        "state": {},
        "lastState": {},
        "ready": verdict.ready,
        "restartCount": 0,
        "image": container.get("image", ""),
        "imageID": "",
        "started": verdict.started,
    }
    mounts = [_mount_status(mount) for mount in container.get("volumeMounts") or ()]
    if mounts:
        status["volumeMounts"] = mounts
    if record is None:
        _never_ran(status, pod_spec, old, waiting)
        return status
    status["image"], status["imageID"], status["containerID"] = record.image, record.image_id, record.id
    status["restartCount"] = record.attempt
    if old is not None:
        _keep(status, record, old)
    if previous is not None and previous.exited:
        status["lastState"] = {"terminated": terminated(previous)}
    if record.running:
        status["state"] = {"running": {"startedAt": record.started_at}}
    elif record.exited:
        status["state"] = {"terminated": terminated(record)}
    else:
        status["state"] = {"waiting": {}}
    if waiting is not None and not record.running:
        if record.exited:
            status["lastState"] = status["state"]
        status["state"] = {"waiting": _waiting(waiting)}
    _add_resources(status, container, pod_spec)
    return status


def terminated(record: ContainerRecord) -> Object:
    """How a run ended, as a state holds it."""
    end: Object = {
        "exitCode": record.exit_code,
        "reason": record.reason,
        "startedAt": record.started_at or None,
        "finishedAt": record.finished_at or None,
        "containerID": record.id,
    }
    if record.message:
        end["message"] = record.message
    return end


def with_all_ended(status: Object) -> Object:
    """For the end of a pod: a container of which nothing is known has failed."""
    if "terminated" in status["state"]:
        return status
    return status | {"state": {"terminated": dict(_LOST_END)}}


def removed_to_restart(status: Object, old: Object) -> Object:
    """For one that was taken away so that all containers begin anew."""
    end = {
        "exitCode": EXIT_UNKNOWN,
        "reason": RESTARTING_ALL,
        "message": _REMOVED,
        "startedAt": None,
        "finishedAt": None,
    }
    waiting = {"reason": RESTARTING_ALL, "message": _REMOVED}
    count = old["restartCount"] + 1
    return status | {"state": {"waiting": waiting}, "lastState": {"terminated": end}, "restartCount": count}


def _waiting(waiting: Waiting) -> Object:
    told: Object = {"reason": waiting.reason}
    if waiting.message:
        told["message"] = waiting.message
    return told


def _never_ran(status: Object, pod_spec: Object, old: Object | None, waiting: Waiting | None) -> None:
    """Of no run is anything left in the runtime."""
    status["state"] = {"waiting": {"reason": INITIALIZING if pod_spec.get("initContainers") else CREATING}}
    if old is not None:
        status["restartCount"] = old.get("restartCount", 0)
        status["lastState"] = old.get("lastState") or {}
        if "running" in old["state"]:
            # it ran, and the runtime knows of no run: it has ended, nobody knows how
            status["lastState"] = {"terminated": {**_LOST_END, "message": _WAS_RUNNING}}
            status["restartCount"] += 1
        if "terminated" in old["state"]:
            status |= {name: old[name] for name in ("state", "image", "imageID", "containerID") if name in old}
    if waiting is not None:
        if "terminated" in status["state"]:
            status["lastState"] = status["state"]
        status["state"] = {"waiting": _waiting(waiting)}


def _keep(status: Object, record: ContainerRecord, old: Object) -> None:
    """What only the last status still tells: ends of runs that are gone, and counts of before."""
    status["restartCount"] = max(record.attempt, old.get("restartCount", 0))
    before = (old.get("state") or {}).get("terminated")
    if before is not None and old.get("containerID") != record.id:
        status["lastState"] = {"terminated": before}
    elif (old.get("lastState") or {}).get("terminated") is not None:
        status["lastState"] = old["lastState"]


def _mount_status(mount: Object) -> Object:
    told: Object = {"name": mount["name"], "mountPath": mount["mountPath"]}
    if mount.get("readOnly"):
        told["readOnly"] = True
        # IfPossible would be Enabled by a runtime that can
        told["recursiveReadOnly"] = "Enabled" if mount.get("recursiveReadOnly") == "Enabled" else "Disabled"
    return told


def _add_resources(status: Object, container: Object, pod_spec: Object) -> None:
    resources = container.get("resources") or {}
    requests = resources.get("requests")
    if requests:
        status["allocatedResources"] = requests
    status["resources"] = {name: resources[name] for name in ("limits", "requests") if resources.get(name)}
    context, of_pod = container.get("securityContext") or {}, pod_spec.get("securityContext") or {}
    uid = context.get("runAsUser", of_pod.get("runAsUser", 0))
    gid = context.get("runAsGroup", of_pod.get("runAsGroup", 0))
    groups = [gid, *(of_pod.get("supplementalGroups") or ())]
    if "fsGroup" in of_pod:
        groups.append(of_pod["fsGroup"])
    status["user"] = {"linux": {"uid": uid, "gid": gid, "supplementalGroups": list(dict.fromkeys(groups))}}

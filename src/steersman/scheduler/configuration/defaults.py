"""defaults: what a file that says nothing of something means. Plugins' arguments: see `plugin_arguments`.

Upstream: pkg/scheduler/apis/config/v1/defaults.go, component-base config/v1alpha1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.scheduler.pod_info import DEFAULT_SCHEDULER

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


_NO_TIME = "0s"


def default_configuration(given: Object) -> Object:
    """`given` (decoded already) with its defaults, except those of profiles' plugins; idempotent."""
    made: Object = {
        "parallelism": 16,
        "percentageOfNodesToScore": 0,
        "podInitialBackoffSeconds": 1,
        "podMaxBackoffSeconds": 10,
        "enableProfiling": True,
    } | given
    if made["enableProfiling"]:
        made.setdefault("enableContentionProfiling", True)
    made["leaderElection"] = _election(given["leaderElection"])
    made["clientConnection"] = _connection(given["clientConnection"])
    profiles = given.get("profiles") or [{}]
    if len(profiles) == 1:
        # Of several each needs a name of its own, which validation asks for.
        profiles = [{"schedulerName": DEFAULT_SCHEDULER} | profiles[0]]
    made["profiles"] = profiles
    return made


def _election(given: Object) -> Object:
    made: Object = {"leaderElect": True} | given
    for name, default in (("leaseDuration", "15s"), ("renewDeadline", "10s"), ("retryPeriod", "2s")):
        if made[name] == _NO_TIME:
            made[name] = default
    for name, default in (
        ("resourceLock", "leases"),
        ("resourceNamespace", "kube-system"),
        ("resourceName", "kube-scheduler"),
    ):
        made[name] = made[name] or default
    return made


def _connection(given: Object) -> Object:
    made = dict(given)
    made["contentType"] = made["contentType"] or "application/vnd.kubernetes.protobuf"
    made["qps"] = made["qps"] or 50
    made["burst"] = made["burst"] or 100
    return made

"""validation: what is wrong with a configuration that has its defaults.

Upstream: pkg/scheduler/apis/config/validation/validation.go, component-base config/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.resources import is_extended
from steersman.api.errors import duplicate, invalid, required
from steersman.api.meta.names import qualified_name
from steersman.lib.cron import parse_duration
from steersman.scheduler.configuration.plugin_arguments import argument_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from steersman.api.errors import FieldError
    from steersman.api.meta.types import Object

API_VERSION = "kubescheduler.config.k8s.io/v1"
_REMOVED = ("AzureDiskLimits", "CinderLimits", "EBSLimits", "GCEPDLimits")


def configuration_errors(whole: Object) -> list[FieldError]:
    """Everything at once. `pluginConfig` of the profiles holds every plugin's arguments, with their defaults."""
    return [*_errors(whole)]


def _errors(whole: Object) -> Iterator[FieldError]:
    if whole["clientConnection"]["burst"] < 0:
        yield invalid("clientConnection.burst", whole["clientConnection"]["burst"], "must be non-negative")
    yield from _election_errors(whole["leaderElection"])
    if whole["parallelism"] <= 0:
        yield invalid("parallelism", whole["parallelism"], "should be an integer value greater than zero")
    seen: dict[str, int] = {}
    for at, profile in enumerate(whole["profiles"]):
        path, name = f"profiles[{at}]", profile.get("schedulerName", "")
        yield from _profile_errors(profile, path)
        if name in seen:
            yield duplicate(f"{path}.schedulerName", f"profiles[{seen[name]}].schedulerName")
        seen[name] = at
    yield from _queue_sort_errors(whole["profiles"])
    yield from _percentage_errors(whole, "percentageOfNodesToScore")
    initial, most = whole["podInitialBackoffSeconds"], whole["podMaxBackoffSeconds"]
    if initial <= 0:
        yield invalid("podInitialBackoffSeconds", initial, "must be greater than 0")
    if most < initial:
        yield invalid("podMaxBackoffSeconds", most, "must be greater than or equal to PodInitialBackoffSeconds")
    yield from _extender_errors(whole.get("extenders") or ())


def _election_errors(election: Object) -> Iterator[FieldError]:
    path = "leaderElection"
    if not election["leaderElect"]:
        return
    for name in ("leaseDuration", "renewDeadline", "retryPeriod"):
        if parse_duration(election[name]) <= 0:
            yield invalid(f"{path}.{name}", election[name], "must be greater than zero")
    if parse_duration(election["leaseDuration"]) <= parse_duration(election["renewDeadline"]):
        yield invalid(f"{path}.leaseDuration", election["renewDeadline"], "must be greater than `RenewDeadline`")
    if election["resourceLock"] != "leases":
        yield invalid(f"{path}.resourceLock", election["resourceLock"], 'resourceLock value must be "leases"')


def _profile_errors(profile: Object, path: str) -> Iterator[FieldError]:
    if not profile.get("schedulerName"):
        yield required(f"{path}.schedulerName")
    yield from _percentage_errors(profile, f"{path}.percentageOfNodesToScore")
    for point, said in (profile.get("plugins") or {}).items():
        for at, plugin in enumerate(said.get("enabled") or ()):
            if plugin["name"] in _REMOVED:
                yield _removed(f"{path}.plugins.{point}.enabled[{at}]", plugin["name"])
    seen: set[str] = set()
    for at, config in enumerate(profile.get("pluginConfig") or ()):
        place, name = f"{path}.pluginConfig[{at}]", config["name"]
        if name in seen:
            yield duplicate(place, name)
        seen.add(name)
        if name in _REMOVED:
            yield _removed(place, name)
        if config.get("file") and config.get("module"):
            yield invalid(f"{place}.module", config["module"], "may not be set together with file")
        yield from argument_errors(name, config.get("args") or {}, f"{place}.args")


def _removed(path: str, name: str) -> FieldError:
    told = f'was invalid in version "v1" (KubeSchedulerConfiguration is version "{API_VERSION}")'
    return invalid(path, name, told)


def _queue_sort_errors(profiles: Sequence[Object]) -> Iterator[FieldError]:
    """Pods of all profiles wait in one queue."""
    first = _queue_sort(profiles[0])
    if len(first.get("enabled") or ()) > 1:
        told = "only one queue sort plugin can be enabled"
        yield invalid("profiles[0].plugins.queueSort.Enabled", len(first["enabled"]), told)
    for at, profile in enumerate(profiles[1:], start=1):
        if _queue_sort(profile) != first:
            said = _queue_sort(profile)
            yield invalid(f"profiles[{at}].plugins.queueSort", said, "must be the same for all profiles")


def _queue_sort(profile: Object) -> Object:
    said: Object = (profile.get("plugins") or {}).get("queueSort") or {}
    return said


def _percentage_errors(holder: Object, path: str) -> Iterator[FieldError]:
    value = holder.get("percentageOfNodesToScore")
    if value is not None and not 0 <= value <= 100:
        yield invalid(path, value, "not in valid range [0-100]")


def _extender_errors(extenders: Sequence[Object]) -> Iterator[FieldError]:
    managed: set[str] = set()
    for at, extender in enumerate(extenders):
        path = f"extenders[{at}]"
        if extender.get("prioritizeVerb") and extender.get("weight", 0) <= 0:
            yield invalid(f"{path}.weight", extender.get("weight", 0), "must have a positive weight applied to it")
        for number, resource in enumerate(extender.get("managedResources") or ()):
            place, name = f"{path}.managedResources[{number}].name", resource["name"]
            wrong = qualified_name(name)
            yield from (invalid(place, name, message) for message in wrong)
            if not wrong and not is_extended(name):
                yield invalid(place, name, "is an invalid extended resource name")
            if name in managed:
                yield invalid(place, name, "duplicate extender managed resource name")
            managed.add(name)
    binders = sum(bool(extender.get("bindVerb")) for extender in extenders)
    if binders > 1:
        told = f"found {binders} extenders implementing bind"
        yield invalid("extenders", told, "only one extender can implement bind")

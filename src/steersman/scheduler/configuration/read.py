"""read: the way in: what YAML or JSON made of a file becomes a Configuration, or one error that says all that is wrong.

Accepted without an effect here, since all nodes are looked at and writes are paced by what is under way:
percentageOfNodesToScore, parallelism, clientConnection's rates and content types, profiling, delayCacheUntilActive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.schema.decode import DecodeError, decode
from steersman.lib.cron import parse_duration
from steersman.scheduler.configuration.defaults import default_configuration
from steersman.scheduler.configuration.model import (
    Configuration,
    Election,
    ExtenderConfiguration,
    ExtenderTls,
    ProfileConfiguration,
    Source,
)
from steersman.scheduler.configuration.plugin_arguments import default_arguments
from steersman.scheduler.configuration.plugin_sets import merge_plugins, named
from steersman.scheduler.configuration.shape import argument_types, configuration_type
from steersman.scheduler.configuration.validation import API_VERSION, configuration_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from steersman.api.meta.types import Object
    from steersman.api.schema.model import Type

KIND = "KubeSchedulerConfiguration"


class ConfigurationError(ValueError):
    """What is wrong, where. One line per thing."""


def read_configuration(value: Any) -> Configuration:
    """Raises ConfigurationError."""
    if not isinstance(value, dict):
        raise ConfigurationError(f"this is no {KIND}: a mapping with apiVersion and kind is")
    _check_kind(value, API_VERSION, KIND, "")
    decoded = _decoded(configuration_type(), value, "")
    whole = default_configuration(decoded)
    profiles = [_with_arguments(profile, at) for at, profile in enumerate(whole["profiles"])]
    errors = configuration_errors(whole | {"profiles": profiles})
    if errors:
        raise ConfigurationError("\n".join(map(str, errors)))
    return Configuration(
        profiles=tuple(_profile(profile, at) for at, profile in enumerate(profiles)),
        backoff_s=float(whole["podInitialBackoffSeconds"]),
        backoff_s_max=float(whole["podMaxBackoffSeconds"]),
        election=_election(whole["leaderElection"]),
        kubeconfig=whole["clientConnection"]["kubeconfig"],
        extenders=tuple(map(_extender, whole.get("extenders") or ())),
    )


def builtin_configuration() -> Configuration:
    """What holds without a file."""
    return read_configuration({"apiVersion": API_VERSION, "kind": KIND})


def complete_arguments(plugin: str, given: Object | None = None) -> Object:
    """Arguments of a plugin of ours as it gets them. Raises ConfigurationError for what it does not have."""
    make = argument_types().get(plugin)
    return default_arguments(plugin, _decoded(make(), given or {}, plugin) if make is not None else given or {})


def _with_arguments(profile: Object, at: int) -> Object:
    """A profile whose pluginConfig says everything: arguments decoded, defaults filled in, one for each plugin."""
    path, types = f"profiles[{at}].pluginConfig", argument_types()
    given = profile.get("pluginConfig") or []
    configs = [_config(each, f"{path}[{number}]", types) for number, each in enumerate(given)]
    there = {config["name"] for config in configs}
    silent = (name for name in named(merge_plugins(profile.get("plugins"))) if name in types and name not in there)
    configs += [{"name": name, "args": complete_arguments(name)} for name in silent]
    return profile | {"pluginConfig": configs}


def _config(given: Object, path: str, types: Mapping[str, Callable[[], Type]]) -> Object:
    name, args = given["name"], given.get("args")
    make = types.get(name)
    if make is None:
        if args is not None and not isinstance(args, dict):
            raise ConfigurationError(f"{path}.args: must be a mapping, not {args!r}")
        return given
    if given.get("file") or given.get("module"):
        raise ConfigurationError(f"{path}: {name} is built in; a plugin of yours needs a name of its own")
    if args is not None and not isinstance(args, dict):
        raise ConfigurationError(f"{path}.args: decoding args for plugin {name}: must be a mapping, not {args!r}")
    place = f"{path}.args: decoding args for plugin {name}"
    _check_kind(args or {}, API_VERSION, f"{name}Args", f"{place}: ", needed=False)
    decoded = _decoded(make(), args or {}, place)
    bare = {field: value for field, value in decoded.items() if field not in ("apiVersion", "kind")}
    return given | {"args": default_arguments(name, bare)}


def _check_kind(value: Object, version: str, kind: str, place: str, *, needed: bool = True) -> None:
    for field, wanted in (("apiVersion", version), ("kind", kind)):
        found = value.get(field)
        if found != wanted and (needed or found is not None):
            told = "is not set" if found is None else f"is {found!r}"
            raise ConfigurationError(f"{place}{field} {told}; {wanted} is what is read here")


def _decoded(type_: Type, value: Object, place: str) -> Object:
    start = f"{place}: " if place else ""
    try:
        decoded, unknown = decode(type_, value)
    except DecodeError as error:
        raise ConfigurationError(f"{start}{error}") from error
    if unknown:
        fields = ", ".join(f'unknown field "{field}"' for field in unknown)
        raise ConfigurationError(f"{start}strict decoding error: {fields}")
    return decoded


# -- what it means


def _profile(profile: Object, at: int) -> ProfileConfiguration:
    configs = profile["pluginConfig"]
    return ProfileConfiguration(
        scheduler_name=profile["schedulerName"],
        path=f"profiles[{at}]",
        plugins=merge_plugins(profile.get("plugins")),
        args={config["name"]: config.get("args") or {} for config in configs},
        sources={
            config["name"]: Source(config.get("file", ""), config.get("module", ""))
            for config in configs
            if config.get("file") or config.get("module")
        },
    )


def _election(election: Object) -> Election:
    return Election(
        elect=election["leaderElect"],
        namespace=election["resourceNamespace"],
        name=election["resourceName"],
        lease_s=_seconds(election["leaseDuration"]),
        renew_deadline_s=_seconds(election["renewDeadline"]),
        retry_s=_seconds(election["retryPeriod"]),
    )


def _extender(extender: Object) -> ExtenderConfiguration:
    managed, tls = extender.get("managedResources") or (), extender.get("tlsConfig")
    return ExtenderConfiguration(
        url_prefix=extender["urlPrefix"],
        filter_verb=extender.get("filterVerb", ""),
        preempt_verb=extender.get("preemptVerb", ""),
        prioritize_verb=extender.get("prioritizeVerb", ""),
        bind_verb=extender.get("bindVerb", ""),
        weight=extender.get("weight", 0),
        https=extender.get("enableHTTPS", False),
        tls=_tls(tls) if tls is not None else None,
        timeout_s=_seconds(extender["httpTimeout"]),
        node_cache_capable=extender.get("nodeCacheCapable", False),
        managed_resources=tuple(each["name"] for each in managed),
        ignored_resources=tuple(each["name"] for each in managed if each.get("ignoredByScheduler")),
        ignorable=extender.get("ignorable", False),
    )


def _tls(tls: Object) -> ExtenderTls:
    return ExtenderTls(
        insecure=tls.get("insecure", False),
        server_name=tls.get("serverName", ""),
        ca_file=tls.get("caFile", ""),
        ca_data=tls.get("caData", ""),
        cert_file=tls.get("certFile", ""),
        cert_data=tls.get("certData", ""),
        key_file=tls.get("keyFile", ""),
        key_data=tls.get("keyData", ""),
    )


def _seconds(text: str) -> float:
    return parse_duration(text) / 1e9

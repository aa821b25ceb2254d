"""Options of whatever runs controllers: those of kube-controller-manager that have a meaning here, under its names.

Durations are written as Go does: 10s, 1h30m.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from steersman.cluster.controller_options import ControllerOptions
from steersman.lib.cron import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable


class Duration(click.ParamType[float]):
    """A positive duration, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            seconds = parse_duration(value) / 1e9
        except ValueError as error:
            self.fail(f"{error}; write it as 10s or 1h30m", param, ctx)
        if seconds <= 0:
            self.fail(f"{value} is not positive", param, ctx)
        return seconds


class Texts(click.ParamType[tuple[str, ...]]):
    """Texts, separated by commas."""

    name = "list"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else map(str, value)
        return tuple(part.strip() for part in parts if part.strip())


_DURATION, _TEXTS = Duration(), Texts()
_RATE = click.FloatRange(min=0)
_HPA = "horizontal-pod-autoscaler"
_OPTIONS: tuple[tuple[str, click.ParamType[Any], str], ...] = (
    ("controllers", _TEXTS, "Which run: '*' for all that are on by default, NAME for one, -NAME for all but it."),
    ("node-monitor-period", _DURATION, "How often all nodes are looked at."),
    ("node-monitor-grace-period", _DURATION, "Without a sign of life, until a node counts as lost."),
    ("node-startup-grace-period", _DURATION, "The same, for a node that never told anything."),
    ("node-eviction-rate", _RATE, "Lost nodes a second and zone whose pods are given up."),
    ("secondary-node-eviction-rate", _RATE, "The same, in a large zone that is disrupted."),
    ("unhealthy-zone-threshold", click.FloatRange(0, 1), "Part of a zone's nodes without which it is disrupted."),
    ("large-cluster-size-threshold", click.IntRange(min=0), "More nodes than that make a zone large."),
    ("allocate-node-cidrs", click.BOOL, "Whether nodes are given networks for their pods."),
    ("cluster-cidr", _TEXTS, "The networks of all pods: one, or one of each version of IP."),
    ("node-cidr-mask-size", click.IntRange(1, 128), "Of one node's part. [24, or 64 of IPv6]"),
    ("node-cidr-mask-size-ipv4", click.IntRange(1, 32), "The same, of IPv4 alone."),
    ("node-cidr-mask-size-ipv6", click.IntRange(1, 128), "The same, of IPv6 alone."),
    (f"{_HPA}-sync-period", _DURATION, "How often the metrics of an autoscaler are looked at."),
    (f"{_HPA}-tolerance", _RATE, "So near to its target a metric changes nothing."),
    (f"{_HPA}-downscale-stabilization", _DURATION, "The most that was asked for in this time is kept."),
    (f"{_HPA}-cpu-initialization-period", _DURATION, "So long a pod's use of CPU may say little."),
    (f"{_HPA}-initial-readiness-delay", _DURATION, "So long a pod that is not ready has never been."),
    ("terminated-pod-gc-threshold", click.IntRange(min=0), "So many ended pods are kept; 0: all."),
    ("cluster-signing-duration", _DURATION, "How long certificates are signed for at most."),
    ("legacy-service-account-token-clean-up-period", _DURATION, "So long nobody used a token that is deleted."),
    ("resource-quota-sync-period", _DURATION, "How often quotas are measured without a change."),
    ("max-endpoints-per-slice", click.IntRange(1, 1000), "So many endpoints fit in one EndpointSlice."),
    ("attach-detach-reconcile-sync-period", _DURATION, "How often attachments are compared with what is recorded."),
    ("disable-attach-detach-reconcile-sync", click.BOOL, "Never compare them."),
    ("disable-force-detach-on-timeout", click.BOOL, "Never detach from an unhealthy node what it may still use."),
    ("load-balancer-cidr", _TEXTS, "Addresses for Services of type LoadBalancer. Without it they get none."),
)
CONTROLLER_TYPES: dict[str, click.ParamType[Any]] = {name.replace("-", "_"): kind for name, kind, _ in _OPTIONS}
"""As a configuration file names them."""


def controller_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options; the command gets them as keyword arguments, and gives those to `controller_options_from`."""
    for name, kind, text in reversed(_OPTIONS):
        option = (
            click.option(f"--{name}", type=kind, help=text + _default(name), is_flag=False, flag_value=True)
            if kind is click.BOOL  # as Go reads them: --name or --name=false
            else click.option(f"--{name}", type=kind, help=text + _default(name))
        )
        command = option(command)
    return command


def controller_options_from(given: dict[str, Any]) -> ControllerOptions:
    """Takes what is theirs out of `given`. Raises click.UsageError."""
    values = {name: given.pop(name) for name in CONTROLLER_TYPES if name in given}
    options = ControllerOptions(**{name: value for name, value in values.items() if value is not None})
    try:
        options.check()
    except ValueError as error:
        text = str(error)
        raise click.UsageError(text if text.startswith("--") else f"--controllers: {text}") from None
    return options


def _default(name: str) -> str:
    value = getattr(ControllerOptions(), name.replace("-", "_"))
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        shown = str(value).lower()
    elif isinstance(value, tuple):
        shown = ",".join(value)
    else:
        shown = _in_largest_unit(value) if CONTROLLER_TYPES[name.replace("-", "_")] is _DURATION else f"{value:g}"
    return f"  [default: {shown}]"


def _in_largest_unit(seconds: float) -> str:
    unit, size = next((unit, size) for unit, size in (("h", 3600), ("m", 60), ("s", 1)) if seconds % size == 0)
    return f"{seconds / size:g}{unit}"

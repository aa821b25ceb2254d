"""model: what a configuration says, as its readers want it. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.scheduler.configuration.plugin_sets import PluginSet, merge_plugins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.types import Object


@dataclass(frozen=True, slots=True)
class Source:
    """Where the code of a user's plugin is: a file (relative to the configuration's), or a module that Python finds."""

    file: str = ""
    module: str = ""


@dataclass(frozen=True, slots=True)
class ProfileConfiguration:
    """One profile. `path`: of it in the file, for messages."""

    scheduler_name: str
    path: str
    plugins: Mapping[str, PluginSet] = field(default_factory=lambda: merge_plugins(None))
    """By point, as upstream names them; multiPoint is always there."""
    args: Mapping[str, Object] = field(default_factory=dict)
    """By plugin, defaults filled in."""
    sources: Mapping[str, Source] = field(default_factory=dict)
    """By plugin, of those that are the user's."""


@dataclass(frozen=True, slots=True)
class Election:
    """Whether, and under which lease, one of several schedulers is chosen."""

    elect: bool = True
    namespace: str = "kube-system"
    name: str = "kube-scheduler"
    lease_s: float = 15.0
    renew_deadline_s: float = 10.0
    retry_s: float = 2.0


@dataclass(frozen=True, slots=True)
class ExtenderTls:
    """How an extender is trusted, and what it is shown. `*_data` is in base64 and wins over a file."""

    insecure: bool = False
    server_name: str = ""
    ca_file: str = ""
    ca_data: str = ""
    cert_file: str = ""
    cert_data: str = ""
    key_file: str = ""
    key_data: str = ""


@dataclass(frozen=True, slots=True)
class ExtenderConfiguration:
    """A webhook that has a say. A verb that is empty is not asked for."""

    url_prefix: str
    filter_verb: str = ""
    preempt_verb: str = ""
    prioritize_verb: str = ""
    bind_verb: str = ""
    weight: int = 0
    https: bool = False
    tls: ExtenderTls | None = None
    timeout_s: float = 0.0
    """0: upstream's, 5 seconds."""
    node_cache_capable: bool = False
    """It keeps nodes itself, and is told and tells names only."""
    managed_resources: tuple[str, ...] = ()
    """It is asked only for pods that ask for one of these; if none is named, for all."""
    ignored_resources: tuple[str, ...] = ()
    """Those that it alone looks after: NodeResourcesFit does not."""
    ignorable: bool = False
    """Pods are placed without it while it does not answer."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The whole."""

    profiles: tuple[ProfileConfiguration, ...]
    backoff_s: float = 1.0
    backoff_s_max: float = 10.0
    election: Election = field(default_factory=Election)
    kubeconfig: str = ""
    extenders: tuple[ExtenderConfiguration, ...] = ()

"""What the API server counts, under upstream's names, and `/metrics`, which shows it.

Only requests that reach a resource or a document are counted: names that a client made up never become label values.
The children of one kind of request are looked up once and kept under a small key.
"""

from __future__ import annotations

import platform
import time
from typing import TYPE_CHECKING

from steersman import KUBERNETES_VERSION
from steersman.lib import process_stats
from steersman.lib.aio import Pacer
from steersman.lib.http.message import Response, UpgradeResponse
from steersman.lib.metrics import CONTENT_TYPE, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from steersman.api.resource import Resource
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.documents import Documents
    from steersman.apiserver.requestinfo import RequestInfo
    from steersman.apiserver.resources import ResourceTable
    from steersman.lib.http.message import BodyStream, RawStream, Request, StreamResponse
    from steersman.lib.metrics import Counter, Gauge, Histogram, Registry

    Outcome = Response | StreamResponse | UpgradeResponse
    Key = tuple[str, str, str, str, str, str, int, bool]
    Series = tuple[Counter, Histogram, Histogram | None, Histogram | None]

_DURATIONS_S = (
    *(0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3),
    *(4, 5, 6, 8, 10, 15, 20, 30, 45, 60),
)
_SIZES_BYTES = tuple(1000 * 10**power for power in range(7))
_LAGS_S = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)
_EVENT_BYTES = tuple(1024 * 2**power for power in range(8))
_PLACE = ("group", "version", "resource", "subresource", "scope", "component")
_CONNECTS = frozenset(("attach", "exec", "log", "portforward", "proxy"))
_VERBS = {
    "get": "GET",
    "list": "LIST",
    "watch": "WATCH",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}
_KNOWN_USERS = ("admin", "client", "kube_proxy", "kubelet", "system:serviceaccount:kube-system:default")
_READS = frozenset(("GET", "LIST"))
_SERIES_MAX = 20_000
_APPLY = "application/apply-patch+yaml"
_COMPONENT = "apiserver"


class ServerMetrics:
    """The families and the children in use."""

    def __init__(self, *, registry: Registry, timer: Callable[[], float] = time.perf_counter) -> None:
        """`timer` gives seconds; the loop's own time has the resolution of a millisecond, which is too coarse here."""
        self.registry = registry
        self.timer = timer
        self._series: dict[Key, Series] = {}
        self._requests = registry.counter(
            "apiserver_request_total",
            "Requests, by verb, place and HTTP status.",
            ("verb", "dry_run", *_PLACE, "code"),
            series_max=_SERIES_MAX,
        )
        self._durations = registry.histogram(
            "apiserver_request_duration_seconds",
            "Time from a request to its answer.",
            ("verb", "dry_run", *_PLACE),
            buckets=_DURATIONS_S,
        )
        self.loop_lag = registry.histogram(
            "steersman_event_loop_lag_seconds",
            "How late the event loop ran a callback that was due.",
            buckets=_LAGS_S,
        ).labels()
        self._sli_durations = registry.histogram(
            "apiserver_request_sli_duration_seconds",
            "Time from a request to its answer, without dry runs.",
            ("verb", *_PLACE),
            buckets=_DURATIONS_S[2:],
        )
        self._sizes = registry.histogram(
            "apiserver_response_sizes",
            "Bytes of the answers to reads, before compression.",
            ("verb", *_PLACE),
            buckets=_SIZES_BYTES,
        )
        inflight = registry.gauge(
            "apiserver_current_inflight_requests", "Requests that wait for something.", ("request_kind",)
        )
        self.reading, self.mutating = inflight.labels("readOnly"), inflight.labels("mutating")
        self._long_running = registry.gauge(
            "apiserver_longrunning_requests", "Watches and connections that are open.", ("verb", *_PLACE)
        )
        self._deprecated = registry.gauge(
            "apiserver_requested_deprecated_apis",
            "1 for each deprecated API that somebody asked for.",
            ("group", "version", "resource", "subresource", "removed_release"),
        )
        self._events = registry.counter(
            "apiserver_watch_events_total", "Events sent to watchers.", ("group", "version", "resource")
        )
        self._event_sizes = registry.histogram(
            "apiserver_watch_events_sizes",
            "Bytes of the events sent to watchers.",
            ("group", "version", "resource"),
            buckets=_EVENT_BYTES,
        )
        attempts = registry.counter("authentication_attempts", "Requests whose sender was asked for.", ("result",))
        self.authenticated, self.unauthenticated = attempts.labels("success"), attempts.labels("failure")
        decisions = registry.counter("authorization_attempts_total", "Decisions of the authorizers.", ("result",))
        self.allowed, self.denied = decisions.labels("allowed"), decisions.labels("no-opinion")
        users = registry.counter(
            "authenticated_user_requests", "Requests by who sent them; only the best-known are named.", ("username",)
        )
        self._users = {name: users.labels(name) for name in _KNOWN_USERS}
        self._by_mail, self._others = users.labels("email_id"), users.labels("other")
        _describe_build(registry)
        process_stats.register(registry)

    def follow(self, resources: ResourceTable) -> None:
        """Show what the cache holds whenever it is asked for."""

        def objects() -> Iterable[Sample]:
            for served in resources:
                if served.collection is not None and served.resource.stored is served.resource:
                    resource = served.resource
                    yield Sample((resource.group, resource.plural), len(served.collection.entries))

        def revisions() -> Iterable[Sample]:
            revision = resources.cache.revision
            for served in resources:
                if served.collection is not None and served.resource.stored is served.resource:
                    yield Sample((served.resource.group, served.resource.plural), revision)

        labels = ("group", "resource")
        self.registry.collector("apiserver_resource_objects", "Objects that are stored.", labels, objects, kind="gauge")
        self.registry.collector(
            "apiserver_watch_cache_resource_version",
            "Version up to which the watch cache knows the store.",
            labels,
            revisions,
            kind="gauge",
        )

    def watched(self, resource: Resource) -> tuple[Counter, Histogram]:
        """Where a watcher of the resource counts its events and their bytes."""
        labels = (resource.group, resource.version, resource.plural)
        return self._events.labels(*labels), self._event_sizes.labels(*labels)

    def user(self, user: User) -> None:
        """Somebody was recognised."""
        self.authenticated.value += 1
        known = self._users.get(user.name)
        if known is None:
            known = self._by_mail if "@" in user.name else self._others
        known.value += 1

    def deprecated(self, resource: Resource, subresource: str) -> None:
        """Something that upstream wants to get rid of was asked for."""
        self._deprecated.labels(resource.group, resource.version, resource.plural, subresource, "").set(1)

    def waiting(self, request: Request) -> Gauge:
        """The gauge of requests in flight that this one belongs to."""
        return self.reading if request.method in ("GET", "HEAD") else self.mutating

    def answered(self, request: Request, info: RequestInfo, outcome: Outcome, started: float) -> None:
        """Count a request that began when the timer said `started`; a watch or connection when it ends."""
        verb = _VERBS.get(info.verb, "GET")
        if info.subresource in _CONNECTS:
            verb = "CONNECT"
        elif verb == "PATCH" and request.headers.get("content-type") == _APPLY:
            verb = "APPLY"
        if isinstance(outcome, Response):
            body = outcome.body
            size = len(body) if isinstance(body, bytes) else sum(map(len, body))
            self._count(_key(verb, request, info, outcome.status), size, self.timer() - started)
        elif verb in ("WATCH", "CONNECT"):
            self._follow(outcome, _key(verb, request, info, outcome.status), started)
        else:
            self._count(_key(verb, request, info, outcome.status), None, self.timer() - started)

    def _count(self, key: Key, size: int | None, seconds: float) -> None:
        counter, duration, sizes, sli = self._series.get(key) or self._add(key)
        counter.value += 1
        duration.observe(seconds)
        if sli is not None:
            sli.observe(seconds)
        if sizes is not None and size is not None:
            sizes.observe(size)

    def _add(self, key: Key) -> Series:
        verb, *place, status, dry = key
        where = (*(str(part) for part in place), _COMPONENT)
        dry_run = "All" if dry else ""
        series = (
            self._requests.labels(verb, dry_run, *where, str(status)),
            self._durations.labels(verb, dry_run, *where),
            self._sizes.labels(verb, *where) if verb in _READS else None,
            None if dry else self._sli_durations.labels(verb, *where),
        )
        if len(self._series) < _SERIES_MAX:
            self._series[key] = series
        return series

    def _follow(self, outcome: StreamResponse | UpgradeResponse, key: Key, started: float) -> None:
        """Count the answer while it is open, and again when it is over."""
        gauge = self._long_running.labels(key[0], *(str(part) for part in key[1:6]), _COMPONENT)
        if isinstance(outcome, UpgradeResponse):
            upgraded = outcome.run

            async def run_raw(stream: RawStream) -> None:
                gauge.inc()
                try:
                    await upgraded(stream)
                finally:
                    gauge.dec()
                    self._count(key, None, self.timer() - started)

            outcome.run = run_raw
            return
        streamed = outcome.run

        async def run(stream: BodyStream) -> None:
            gauge.inc()
            try:
                await streamed(stream)
            finally:
                gauge.dec()
                self._count(key, None, self.timer() - started)

        outcome.run = run

    # -- the page

    def register(self, documents: Documents) -> None:
        documents.add("/metrics", self._serve)

    async def _serve(self, _request: Request, _user: User) -> Response:
        return await _page(self.registry)


class HealthMetrics:
    """What the health checks found, on a page of its own, `/metrics/slis`, that can be read often."""

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self._last = registry.gauge("kubernetes_healthcheck", "Whether a check passed last time.", ("name", "type"))
        self._total = registry.counter(
            "kubernetes_healthchecks_total", "Checks that were made, by outcome.", ("name", "type", "status")
        )

    def observe(self, name: str, endpoint: str, passed: bool) -> None:
        """A check was made."""
        self._last.labels(name, endpoint).set(1 if passed else 0)
        self._total.labels(name, endpoint, "success" if passed else "error").inc()

    def register(self, documents: Documents) -> None:
        documents.add("/metrics/slis", self._serve)

    async def _serve(self, _request: Request, _user: User) -> Response:
        return await _page(self._registry)


def _key(verb: str, request: Request, info: RequestInfo, status: int) -> Key:
    dry = bool(request.query) and "dryRun" in request.query
    if not info.is_resource:
        return verb, "", "", "", "/" + info.path.split("/", 2)[1], "", status, dry
    scope = "resource" if info.name or info.verb == "create" else "namespace" if info.namespace else "cluster"
    return verb, info.group, info.version, info.resource, info.subresource, scope, status, dry


async def _page(registry: Registry) -> Response:
    pacer, pieces = Pacer(), []
    for piece in registry.render_slices():
        pieces.append(piece)
        await pacer.pause()
    return Response(200, pieces, CONTENT_TYPE, (("Cache-Control", "no-cache, private"),), compressible=True)


def _describe_build(registry: Registry) -> None:
    major, minor, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    info = registry.gauge(
        "kubernetes_build_info", "1, with what is running.", ("git_version", "major", "minor", "platform")
    )
    info.labels(KUBERNETES_VERSION, major, minor, f"linux/{machine}").set(1)

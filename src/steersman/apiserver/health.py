"""Health: /healthz, /livez, /readyz, each as a whole and check by check, in upstream's form and under upstream's names.

A check is a function that returns None when all is well, or what is wrong. Names that stand for a phase of the start
answer for our phase of the same purpose: the server listens only when all of them are over, so they hold from the
first request on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steersman.apiserver import respond

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from steersman.apiserver.authn.user import User
    from steersman.apiserver.documents import Documents
    from steersman.lib.http.message import Request, Response

    Check = Callable[[], str | None]
    Observe = Callable[[str, str, bool], None]

_STARTED = (
    "start-apiserver-admission-initializer",
    "generic-apiserver-start-informers",
    "priority-and-fairness-config-consumer",
    "priority-and-fairness-filter",
    "storage-object-count-tracker-hook",
    "start-apiextensions-informers",
    "start-apiextensions-controllers",
    "crd-informer-synced",
    "start-system-namespaces-controller",
    "peer-endpoint-reconciler-controller",
    "start-cluster-authentication-info-controller",
    "start-kube-apiserver-identity-lease-controller",
    "start-kube-apiserver-identity-lease-garbage-collector",
    "storage-readiness",
    "start-legacy-token-tracking-controller",
    "start-service-ip-repair-controllers",
    "rbac/bootstrap-roles",
    "scheduling/bootstrap-system-priority-classes",
    "priority-and-fairness-config-producer",
    "bootstrap-controller",
    "start-kubernetes-service-cidr-controller",
    "start-kube-aggregator-informers",
    "apiservice-status-local-available-controller",
    "apiservice-status-remote-available-controller",
    "apiservice-registration-controller",
    "apiservice-discovery-controller",
    "kube-apiserver-autoregistration",
)


class State(Protocol):
    """How the server is. Each says None when all is well, or what is wrong."""

    def store(self) -> str | None:
        """Whether the store answers."""

    def synced(self) -> str | None:
        """Whether the cache follows the store."""

    def started(self) -> str | None:
        """Whether the phases of the start are over."""

    def stopping(self) -> str | None:
        """Whether the server drains."""


class Health:
    """The pages."""

    def __init__(self, *, state: State, observe: Observe | None = None) -> None:
        """`observe(check, endpoint, passed)` hears of every check that was made."""
        self._state = state
        self._observe = observe or _unobserved

    def register(self, documents: Documents) -> None:
        for endpoint, checks in self._endpoints().items():
            page = _Page(endpoint, checks, self._observe)
            documents.add(f"/{endpoint}", page.whole)
            documents.add_prefix(f"/{endpoint}/", page.single)

    def paths(self) -> list[str]:
        """Every path that answers, for the index."""
        endpoints = self._endpoints().items()
        return [path for name, checks in endpoints for path in (f"/{name}", *(f"/{name}/{check}" for check in checks))]

    def _endpoints(self) -> dict[str, dict[str, Check]]:
        basic: dict[str, Check] = {"ping": _fine, "log": _fine}
        hooks: dict[str, Check] = {f"poststarthook/{name}": self._state.started for name in _STARTED}
        hooks["autoregister-completion"] = self._state.started
        hooks["poststarthook/apiservice-openapi-controller"] = self._state.started
        hooks["poststarthook/apiservice-openapiv3-controller"] = self._state.started
        live = basic | {"loopback-serving-certificate": _fine, "etcd": self._state.store} | hooks
        ready = (
            basic
            | {"etcd": self._state.store, "etcd-readiness": self._state.store, "informer-sync": self._state.synced}
            | hooks
            | {"shutdown": self._state.stopping}
        )
        return {"healthz": live, "livez": live, "readyz": ready}


def _fine() -> None:
    return None


def _unobserved(_name: str, _endpoint: str, _passed: bool) -> None:
    return None


class _Page:
    """One endpoint and its checks, in the order in which they are shown."""

    def __init__(self, endpoint: str, checks: dict[str, Check], observe: Observe) -> None:
        self._endpoint = endpoint
        self._checks = checks
        self._observe = observe

    def whole(self, request: Request, _user: User) -> Response:
        excluded = {name for value in request.params.get("exclude", ()) for name in value.split(",")}
        lines, failed = [], False
        for name, check in self._checks.items():
            if name in excluded:
                excluded.discard(name)
                lines.append(f"[+]{name} excluded: ok")
                continue
            problem = check()
            self._observe(name, self._endpoint, problem is None)
            failed = failed or problem is not None
            lines.append(f"[+]{name} ok" if problem is None else f"[-]{name} failed: reason withheld")
        lines += self._unknown(excluded)
        if failed:
            return respond.text("\n".join([*lines, f"{self._endpoint} check failed", ""]), 500)
        if "verbose" not in request.params:
            return respond.text("ok")
        return respond.text("\n".join([*lines, f"{self._endpoint} check passed", ""]))

    @staticmethod
    def _unknown(excluded: Iterable[str]) -> list[str]:
        if not excluded:
            return []
        names = ", ".join(f'"{name}"' for name in sorted(excluded))
        return [f"warn: some health checks cannot be excluded: no matches for {names}"]

    def single(self, request: Request, _user: User) -> Response | None:
        check = self._checks.get(request.path.removeprefix(f"/{self._endpoint}/"))
        if check is None:
            return None
        problem = check()
        self._observe(request.path.removeprefix(f"/{self._endpoint}/"), self._endpoint, problem is None)
        if problem is None:
            return respond.text("ok", sniff=True)
        return respond.text(f"internal server error: {problem}\n", 500)

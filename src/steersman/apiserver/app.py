"""The application: every request passes here, in this order: who, what, may they, where to.

    authenticate > understand the URL > impersonate > authorise > route > verb

What an APIService gives to an extension server is passed on before anything is looked up here. What is no resource
(discovery, health, metrics, OpenAPI) is served by documents, registered by path. Subresources that are no view of their
object are served by connectors, found by (group, resource, subresource).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from steersman.api.errors import ApiError, BadRequest, MethodNotAllowed, NotFound, Unauthorized
from steersman.apiserver import respond, store_failure
from steersman.apiserver.authn.impersonation import Impersonation
from steersman.apiserver.authz.attributes import Attributes
from steersman.apiserver.authz.forbidden import forbidden
from steersman.apiserver.authz.selectors import field_requirements
from steersman.apiserver.call import Call
from steersman.apiserver.max_in_flight import MaxInFlight, is_long_running
from steersman.apiserver.options import given_bool
from steersman.apiserver.requestinfo import RequestInfo, parse_request
from steersman.apiserver.verbs.create import create
from steersman.apiserver.verbs.delete import delete, delete_collection
from steersman.apiserver.verbs.get import get
from steersman.apiserver.verbs.list import list_
from steersman.apiserver.verbs.patch import patch
from steersman.apiserver.verbs.update import update
from steersman.apiserver.verbs.watch import watch
from steersman.lib.http.message import Response, StreamResponse, UpgradeResponse
from steersman.store.interface import StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from steersman.apiserver.aggregation.extension_proxy import ExtensionProxy
    from steersman.apiserver.authn.authenticator import Authenticator
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.authz.attributes import Authorizer, Requirement
    from steersman.apiserver.documents import Documents
    from steersman.apiserver.resources import Served
    from steersman.apiserver.service import Service
    from steersman.lib.http.message import Request

    Outcome = Response | StreamResponse | UpgradeResponse
    Connector = Callable[[Call, Service], Outcome | Awaitable[Outcome]]

NOT_FOUND = "the server could not find the requested resource"
_NO_SNIFF = ("X-Content-Type-Options", "nosniff")
_ANSWERS = (Response, StreamResponse, UpgradeResponse)
PAGE_NOT_FOUND = "404 page not found\n"

_VERBS: Mapping[str, Any] = {
    "get": get,
    "list": list_,
    "watch": watch,
    "create": create,
    "update": update,
    "patch": patch,
    "delete": delete,
    "deletecollection": delete_collection,
}
_COLLECTION_METHODS = {"GET": ("list", "watch"), "POST": ("create",), "DELETE": ("deletecollection",)}
_OF_OBJECTS = ("get", "update", "patch", "delete")
_OBJECT_METHODS = {"GET": ("get",), "PUT": ("update",), "PATCH": ("patch",), "DELETE": ("delete",)}


class Application:
    """The handler that the HTTP server calls."""

    def __init__(
        self,
        *,
        service: Service,
        authenticator: Authenticator,
        authorizer: Authorizer,
        documents: Documents,
        connectors: Mapping[tuple[str, str, str], Connector],
        extensions: ExtensionProxy,
        logger: logging.Logger | None = None,
    ) -> None:
        self.service = service
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._impersonation = Impersonation(authorizer=authorizer)
        self._documents = documents
        self._connectors = connectors
        self._extensions = extensions
        self._in_flight = MaxInFlight(metrics=service.metrics)
        self._clock = service.clock
        self._logger = logger or logging.getLogger(__name__)

    def handle(self, request: Request) -> Outcome | Awaitable[Outcome]:
        """Never raises."""
        started = self.service.metrics.timer()
        warnings: list[str] = []
        counted: list[RequestInfo] = []
        try:
            outcome = self._handle(request, warnings, counted)
        except Exception as error:  # noqa: BLE001 - the top of a request
            outcome = self._failed(request, error, warnings, counted)
        if not isinstance(outcome, _ANSWERS):
            return self._finish(request, outcome, warnings, counted, started)
        if counted:
            self.service.metrics.answered(request, counted[0], outcome, started)
        return outcome

    async def _finish(
        self,
        request: Request,
        outcome: Awaitable[Outcome],
        warnings: list[str],
        counted: list[RequestInfo],
        started: float,
    ) -> Outcome:
        metrics = self.service.metrics
        waiting = 0 if counted and is_long_running(counted[0]) else 1
        gauge = metrics.waiting(request)
        gauge.inc(waiting)
        try:
            answer = await outcome
        except Exception as error:  # noqa: BLE001 - the top of a request
            answer = self._failed(request, error, warnings, counted)
        finally:
            gauge.dec(waiting)
        if counted:
            metrics.answered(request, counted[0], answer, started)
        return answer

    def _failed(self, request: Request, error: Exception, warnings: list[str], counted: list[RequestInfo]) -> Response:
        if isinstance(error, StoreError):
            self._logger.warning("%s %s: %s", request.method, request.path, error)
            error = store_failure.explain(error, counted[0] if counted else None)
        elif not isinstance(error, ApiError):
            self._logger.error("%s %s failed", request.method, request.path, exc_info=error)
            error = respond.crash()
        return respond.failure(
            error,
            request.headers.get("accept"),
            self.service.negotiator,
            warnings,
            protobuf=self.service.protobuf,
        )

    def _handle(
        self, request: Request, warnings: list[str], counted: list[RequestInfo]
    ) -> Outcome | Awaitable[Outcome]:
        """`counted` receives what the request asks for, if there is such a thing."""
        now = self._clock.now()
        metrics = self.service.metrics
        try:
            user = self._authenticator.authenticate(request.headers, request.peer.certificate_der, now)
        except Unauthorized:
            metrics.unauthenticated.value += 1
            raise
        metrics.user(user)
        info = self._understand(request)
        attributes = _attributes(info, user, request)
        if _impersonates(request):
            user = self._impersonation.resolve(request.headers, attributes)
            attributes = _attributes(info, user, request)
        decision = self._authorizer.authorize(attributes)
        if not decision.allowed:
            metrics.denied.value += 1
            raise forbidden(attributes, decision.reason)
        metrics.allowed.value += 1
        owner = self._extensions.owner(request.path)
        if owner is not None:
            counted.append(info)
            return self._in_flight.refuse(request, info, user) or self._extensions.serve(
                request, user, owner, patient=is_long_running(info)
            )
        if not info.is_resource:
            return self._document(request, info, user, counted)
        if request.path.startswith("//"):
            return respond.text(PAGE_NOT_FOUND, 404)  # authorised as what it resembles, served as what it says
        served = self.service.resources.find(info.group, info.version, info.resource)
        if served is None:
            return self._unknown(info)
        counted.append(info)
        return self._route(request, info, user, served, now, warnings)

    @staticmethod
    def _understand(request: Request) -> RequestInfo:
        if not request.query:
            return parse_request(request.method, request.path)
        query = request.params
        name = ""
        selector = query.get("fieldSelector")
        if selector:
            for term in selector[0].split(","):
                key, separator, value = term.partition("=")
                if separator and key == "metadata.name":
                    name = value.removeprefix("=")
        return parse_request(request.method, request.path, watch=given_bool(query, "watch"), name_selector=name)

    # -- routing

    def _route(
        self, request: Request, info: RequestInfo, user: User, served: Served, now: datetime, warnings: list[str]
    ) -> Outcome | Awaitable[Outcome]:
        resource = served.resource
        subresource = None
        verb = "watch" if info.old_watch else info.verb
        if resource.namespaced != info.scoped and not (not info.scoped and info.parts == 1):
            return self._unknown(info)
        if info.subresource:
            subresource = resource.subresource(info.subresource)
            if subresource is None or (info.rest and subresource.name != "proxy"):
                raise NotFound.of(info.group, info.resource, info.name) if resource.custom else _not_found()
            methods: Mapping[str, tuple[str, ...]] = (
                _PROXY_METHODS if subresource.name == "proxy" else _SUBRESOURCE_METHODS
            )
            known = subresource.verbs
        else:
            if resource.namespaced and not info.scoped and request.method != "GET":
                if resource.custom:
                    return self._unknown(info)
                raise respond.method_not_allowed()
            if info.parts > 1 and not any(name in resource.verbs for name in _OF_OBJECTS):
                raise _not_found()
            methods = _OBJECT_METHODS if info.parts > 1 and not info.old_watch else _COLLECTION_METHODS
            known = resource.verbs
        # Custom resources have no routes of their own: HEAD is as good as GET, and what is missing is told otherwise.
        method = "GET" if resource.custom and request.method == "HEAD" else request.method
        possible = methods.get(method, ())
        for name in possible:
            if name in known:
                break
        else:
            raise _custom_method(info, method) if resource.custom else respond.method_not_allowed()
        refusal = self._in_flight.refuse(request, info, user)
        if refusal is not None:
            return refusal
        connector = self._connectors.get((resource.group, resource.plural, info.subresource))
        # What is only made and never kept (reviews, tokens, bindings) has no columns to be shown in.
        tables = connector is None or verb != "create"
        if connector is None and subresource is not None and subresource.scale is not None:
            connector = self._connectors.get(("", "", "scale"))
        negotiator = self.service.negotiator
        accept = request.headers.get("accept")
        if verb == "watch":
            representation = negotiator.watch(accept, custom=resource.custom)
        elif info.subresource in _CONNECTIONS:
            representation = respond.PLAIN  # who is connected to says what the answer is
        else:
            collection = info.parts == 1 and request.method == "GET"
            representation = negotiator.answer(accept, custom=resource.custom, watchable=collection, tables=tables)
            if representation.media == "json":
                pretty = request.param("pretty") if request.query else None
                representation = respond.wants_pretty(representation, pretty, request.headers.get("user-agent"))
        if resource.deprecation:
            self.service.metrics.deprecated(resource, info.subresource)
            warnings.append(resource.deprecation)
        call = Call(request, info, user, now, served, subresource, representation, self.service.protobuf, warnings)
        if connector is not None:
            return connector(call, self.service)
        if subresource is not None and subresource.update is None:
            raise _not_found()
        outcome: Outcome | Awaitable[Outcome] = _VERBS[verb](call, self.service)
        return outcome

    def _unknown(self, info: RequestInfo) -> Response:
        """A group that nobody serves, or that only has custom resources, is answered by the mux; an unknown version or
        resource of another by the API.
        """
        if info.prefix == "apis" and not self._has_api(info.group):
            return respond.text(PAGE_NOT_FOUND, 404)
        raise _not_found()

    def _has_api(self, group: str) -> bool:
        resources = self.service.resources
        return resources.has_group(group) and not resources.is_custom(group)

    def _document(
        self, request: Request, info: RequestInfo, user: User, counted: list[RequestInfo]
    ) -> Outcome | Awaitable[Outcome]:
        outcome = self._documents.serve(request, user)
        if outcome is not None:
            counted.append(info)
            return outcome
        parts = info.path.strip("/").split("/")
        known_group = parts[0] == "api" or (len(parts) > 1 and self._has_api(parts[1]))
        if len(parts) > 1 and parts[0] in ("api", "apis") and known_group:
            raise _not_found()
        return respond.text(PAGE_NOT_FOUND, 404)


_PLAIN = "head without impersonation"
_SUBRESOURCE_METHODS = {
    "GET": ("get",),
    "POST": ("create",),
    "PUT": ("update",),
    "PATCH": ("patch",),
    "DELETE": ("delete",),
}
_PROXY_METHODS = {**_SUBRESOURCE_METHODS, "HEAD": ("get",), "OPTIONS": ("get",)}
_CONNECTIONS = frozenset(("attach", "exec", "portforward", "proxy"))


def _impersonates(request: Request) -> bool:
    """Whether a request asks to count as somebody else. Connections repeat their heads: each is looked at once."""
    headers, state = request.headers, request.connection.state
    if state.get(_PLAIN) is headers:
        return False
    for name in headers:
        if name.startswith("impersonate-"):
            return True
    state[_PLAIN] = headers
    return False


def _custom_method(info: RequestInfo, method: str) -> ApiError:
    """Why a custom resource does not take a method."""
    if method in ("PUT", "PATCH") and not info.name:
        return BadRequest("name must be provided")
    kind = f"{info.resource}.{info.group}"
    details = {"group": info.group, "kind": info.resource}
    return MethodNotAllowed(f'{info.verb} is not supported on resources of kind "{kind}"', details=details)


def _not_found() -> NotFound:
    return NotFound(NOT_FOUND, details={})


def _attributes(info: RequestInfo, user: User, request: Request) -> Attributes:
    if not info.is_resource:
        return Attributes(user, info.verb, path=info.path, is_resource=False)
    fields: tuple[Requirement, ...] = ()
    if info.verb in ("list", "watch", "deletecollection") and request.query and "fieldSelector" in request.params:
        try:
            fields = field_requirements(request.params["fieldSelector"][0])
        except ValueError:
            # Judged as if there were no selector, which asks for more; the list itself answers 400.
            fields = ()
    return Attributes(
        user,
        info.verb,
        info.group,
        info.version,
        info.resource,
        info.subresource,
        info.namespace,
        info.name,
        info.path,
        field_selector=fields,
    )

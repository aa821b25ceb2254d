"""Impersonation: acting as somebody else, if one may.

Reads: the headers Impersonate-User, -Uid, -Group and -Extra-*. Two ways, of which the first that allows it wins:
constrained (KEP-5284: `impersonate-on:MODE:VERB` on the request itself, then `impersonate:MODE` on the identity) and
the original one (`impersonate` on users, groups, serviceaccounts, userextras, uids).
Invariants: everything that is borrowed is authorised; the refusal of the first mode that applies is the answer.
Upstream differences: allowed impersonations are not remembered, since a decision costs less than a microsecond here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steersman.api.errors import BadRequest, FieldError, Forbidden, go_quote, invalid
from steersman.api.meta.names import dns1123_subdomain, regex_message
from steersman.apiserver.authn.credentials import aggregate
from steersman.apiserver.authn.request_header import extra_from
from steersman.apiserver.authn.user import (
    ALL_AUTHENTICATED,
    ALL_UNAUTHENTICATED,
    ANONYMOUS,
    NODE_NAME,
    NODES_GROUP,
    PRIVILEGED_GROUP,
    User,
    service_account_groups,
    split_node,
    split_service_account,
)
from steersman.apiserver.authz.attributes import Attributes
from steersman.apiserver.authz.forbidden import NO_SNIFF, forbidden

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.apiserver.authz.attributes import Authorizer
    from steersman.lib.http.message import Headers

_GROUP = "authentication.k8s.io"
_EXTRA_PREFIX = "impersonate-extra-"
_ORIGINAL = ""
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_REMEMBERED_USERS_MAX = 10_000
_MANY = 4
"""From so many values on, one question for all of them ("*") is tried first."""


def wanted_user(headers: Headers) -> User | None:
    """Who the headers ask to be, None when they ask nothing. Raises BadRequest."""
    name = headers.get("impersonate-user")
    groups = tuple(headers.get_all("impersonate-group"))
    uid = headers.get("impersonate-uid")
    extra = extra_from(headers, _EXTRA_PREFIX)
    if not name:
        if uid or groups or extra:
            asked = User(name="", uid=uid, groups=groups, extra=extra)
            message = f"requested {asked.go_syntax()} without impersonating a user name"
            raise BadRequest(message, headers=NO_SNIFF)
        return None
    return User(name=name, uid=uid, groups=groups, extra=extra)


class Impersonation:
    """Remembers for each user which mode allowed it last, and asks that one first: the refusal shown is of the
    mode in use.
    """

    def __init__(self, *, authorizer: Authorizer) -> None:
        self._authorizer = authorizer
        self._last_mode: dict[str, str] = {}

    def resolve(self, headers: Headers, attributes: Attributes) -> User:
        """Who a request is to count as: who asks, or who is impersonated. Raises BadRequest, Forbidden.

        `attributes`: of the request, with the user who really asks. The caller hides the headers from what follows.
        """
        wanted = wanted_user(headers)
        return attributes.user if wanted is None else self.impersonate(wanted, attributes)

    def impersonate(self, wanted: User, attributes: Attributes) -> User:
        """The identity to go on with. `attributes`: of the request, with the user who really asks. Raises Forbidden."""
        requestor = attributes.user
        last = self._last_mode.get(requestor.name)
        refusal: Forbidden | None = None
        for mode, applies in sorted(_MODES, key=lambda candidate: candidate[0] != last):
            if not applies(wanted, requestor):
                continue
            try:
                if mode:
                    _ask_on(mode, attributes, self._authorizer)
                became = _Attempt(requestor, self._authorizer, mode).become(wanted)
            except Forbidden as error:
                refusal = refusal or error
                continue
            if len(self._last_mode) >= _REMEMBERED_USERS_MAX:
                self._last_mode.clear()
            self._last_mode[requestor.name] = mode
            return became
        # The original mode applies to everybody, so there always is a refusal.
        assert refusal is not None
        raise refusal


def _only_name(wanted: User) -> bool:
    return not (wanted.uid or wanted.groups or wanted.extra)


def _is_own_node(wanted: User, requestor: User) -> bool:
    """A service account whose token says on which node it runs asks to be that node."""
    node = split_node(wanted.name)
    if node is None or not _only_name(wanted) or split_service_account(requestor.name) is None:
        return False
    return requestor.extra_values(NODE_NAME) == (node,)


def _is_any_node(wanted: User, requestor: User) -> bool:  # noqa: ARG001 - all modes are asked the same
    return _only_name(wanted) and split_node(wanted.name) is not None


def _is_service_account(wanted: User, requestor: User) -> bool:  # noqa: ARG001 - all modes are asked the same
    return _only_name(wanted) and split_service_account(wanted.name) is not None


def _is_other(wanted: User, requestor: User) -> bool:  # noqa: ARG001 - all modes are asked the same
    return split_node(wanted.name) is None and split_service_account(wanted.name) is None


def _always(wanted: User, requestor: User) -> bool:  # noqa: ARG001 - all modes are asked the same
    return True


_MODES: tuple[tuple[str, Callable[[User, User], bool]], ...] = (
    ("associated-node", _is_own_node),
    ("arbitrary-node", _is_any_node),
    ("serviceaccount", _is_service_account),
    ("user-info", _is_other),
    (_ORIGINAL, _always),
)


def _requestor(user: User, mode: str) -> User:
    """Who is asked about. An associated node's agent counts the same on every node, so its own facts are left out."""
    if mode != "associated-node":
        return user
    keys = tuple(sorted(key for key, _ in user.extra))
    return User(
        name=user.name,
        uid=user.uid,
        groups=user.groups,
        extra=(("authentication.kubernetes.io/associated-node-keys", keys),),
    )


def _ask_on(mode: str, attributes: Attributes, authorizer: Authorizer) -> None:
    asked = attributes._replace(user=_requestor(attributes.user, mode), verb=f"impersonate-on:{mode}:{attributes.verb}")
    _ask(asked, authorizer)


def _ask(asked: Attributes, authorizer: Authorizer) -> None:
    decision = authorizer.authorize(asked)
    if not decision.allowed:
        raise forbidden(asked, decision.reason)


class _Attempt:
    """Asks for every part of an identity, in one mode; the empty mode is the original impersonation."""

    def __init__(self, requestor: User, authorizer: Authorizer, mode: str) -> None:
        self._requestor = _requestor(requestor, mode)
        self._authorizer = authorizer
        self._mode = mode
        self._verb = f"impersonate:{mode}" if mode else "impersonate"

    def become(self, wanted: User) -> User:
        """Raises Forbidden."""
        groups = self._ask_name(wanted)
        if wanted.uid:
            _ask(self._asked(_GROUP, "uids", wanted.uid), self._authorizer)
        if wanted.groups:
            self._ask_groups(wanted.groups)
        if wanted.extra:
            self._ask_extra(wanted)
        if wanted.name == ANONYMOUS:
            if ALL_UNAUTHENTICATED not in groups:
                groups = (*groups, ALL_UNAUTHENTICATED)
        elif ALL_UNAUTHENTICATED not in groups and ALL_AUTHENTICATED not in groups:
            groups = (*groups, ALL_AUTHENTICATED)
        return User(name=wanted.name, uid=wanted.uid, groups=groups, extra=wanted.extra)

    def _asked(self, group: str, resource: str, name: str, *, namespace: str = "", subresource: str = "") -> Attributes:
        return Attributes(
            user=self._requestor,
            verb=self._verb,
            group=group,
            version="v1",
            resource=resource,
            subresource=subresource,
            namespace=namespace,
            name=name,
        )

    def _ask_name(self, wanted: User) -> tuple[str, ...]:
        """The groups that the identity has."""
        group = _GROUP if self._mode else ""
        node = split_node(wanted.name) if self._mode else None
        account = split_service_account(wanted.name)
        groups = wanted.groups
        if node is not None:
            # An associated node is asked for as any node: the mode itself has established which one it is.
            asked = self._asked(group, "nodes", "*" if self._mode == "associated-node" else node)
            groups = (NODES_GROUP,)
        elif account is not None:
            asked = self._asked(group, "serviceaccounts", account[1], namespace=account[0])
            groups = groups or service_account_groups(account[0])
        else:
            asked = self._asked(group, "users", wanted.name)
        _ask(asked, self._authorizer)
        return groups

    def _ask_groups(self, groups: tuple[str, ...]) -> None:
        api_group = _GROUP if self._mode else ""
        if self._mode:
            if "" in groups:
                asked = self._asked(api_group, "groups", "")
                raise forbidden(asked, "impersonating the empty string group is not allowed")
            if PRIVILEGED_GROUP in groups:
                asked = self._asked(api_group, "groups", PRIVILEGED_GROUP)
                raise forbidden(asked, "impersonating the system:masters group is not allowed")
            every = self._asked(api_group, "groups", "*")
            if len(groups) >= _MANY and self._authorizer.authorize(every).allowed:
                return
        for name in groups:
            _ask(self._asked(api_group, "groups", name), self._authorizer)

    def _ask_extra(self, wanted: User) -> None:
        if self._mode:
            wrong = _extra_error(wanted)
            if wrong:
                raise forbidden(self._asked(_GROUP, "userextras", ""), wrong)
            every = self._asked(_GROUP, "userextras", "*", subresource="*")
            many = sum(len(values) for _, values in wanted.extra) >= _MANY
            if many and self._authorizer.authorize(every).allowed:
                return
        for key, values in wanted.extra:
            for value in values:
                _ask(self._asked(_GROUP, "userextras", value, subresource=key), self._authorizer)


def _extra_error(wanted: User) -> str:
    for key, values in wanted.extra:
        if not key:
            return "impersonating the empty string key in extra is not allowed"
        errors = _path_errors(key)
        if errors:
            return f"impersonating an invalid key in extra is not allowed: {aggregate(map(str, errors))}"
        if key != key.lower():
            return f"impersonating a non-lowercase key in extra is not allowed: {go_quote(key)}"
        if not values:
            return "impersonating empty values in extra is not allowed"
        if "" in values:
            return "impersonating the empty string value in extra is not allowed"
    return ""


def _path_errors(key: str) -> list[FieldError]:
    """What is wrong with a key that must be a domain-prefixed path."""
    host, _, path = key.partition("/")
    if not host or not path:
        return [invalid("extra.key", key, 'must be a domain-prefixed path (such as "acme.io/foo")')]
    errors = [invalid("extra.key", host, message) for message in dns1123_subdomain(host)]
    if not re.fullmatch(_HTTP_PATH, path):
        errors.append(invalid("extra.key", path, regex_message("Invalid path", _HTTP_PATH)))
    return errors

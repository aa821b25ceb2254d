"""Who asks: the result of authentication, and the names that Kubernetes gives to kinds of users."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from steersman.api.errors import go_quote

ANONYMOUS = "system:anonymous"
ALL_AUTHENTICATED = "system:authenticated"
ALL_UNAUTHENTICATED = "system:unauthenticated"
PRIVILEGED_GROUP = "system:masters"
NODES_GROUP = "system:nodes"
NODE_PREFIX = "system:node:"
SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:"
ALL_SERVICE_ACCOUNTS = "system:serviceaccounts"

CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"
POD_NAME = "authentication.kubernetes.io/pod-name"
POD_UID = "authentication.kubernetes.io/pod-uid"
NODE_NAME = "authentication.kubernetes.io/node-name"
NODE_UID = "authentication.kubernetes.io/node-uid"

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")

Extra = tuple[tuple[str, tuple[str, ...]], ...]
"""Further facts about a user: sorted (key, values) pairs."""


@dataclass(frozen=True, slots=True)
class User:
    """One identity. Hashes fast, because caches are keyed by it."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Extra = ()
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.name, self.uid, self.groups, self.extra)))

    def __hash__(self) -> int:
        return self._hash

    @property
    def is_privileged(self) -> bool:
        """Member of system:masters: nothing is ever refused to it."""
        return PRIVILEGED_GROUP in self.groups

    def extra_values(self, key: str) -> tuple[str, ...]:
        return next((values for name, values in self.extra if name == key), ())

    def info(self) -> dict[str, object]:
        """As authentication.k8s.io/v1 UserInfo; empty fields are left out."""
        info: dict[str, object] = {}
        if self.name:
            info["username"] = self.name
        if self.uid:
            info["uid"] = self.uid
        if self.groups:
            info["groups"] = list(self.groups)
        if self.extra:
            info["extra"] = {key: list(values) for key, values in self.extra}
        return info

    def go_syntax(self) -> str:
        """Go's %#v of upstream's user record: it appears in messages."""
        groups = _go_strings(self.groups) if self.groups else "[]string(nil)"
        pairs = ", ".join(f"{go_quote(key)}:{_go_strings(values)}" for key, values in sorted(self.extra))
        extra = f"map[string][]string{{{pairs}}}" if self.extra else "map[string][]string(nil)"
        return (
            f"&user.DefaultInfo{{Name:{go_quote(self.name)}, UID:{go_quote(self.uid)}, Groups:{groups}, Extra:{extra}}}"
        )


def _go_strings(values: tuple[str, ...]) -> str:
    return "[]string{" + ", ".join(map(go_quote, values)) + "}"


def service_account_username(namespace: str, name: str) -> str:
    return f"{SERVICE_ACCOUNT_PREFIX}{namespace}:{name}"


def service_account_groups(namespace: str) -> tuple[str, ...]:
    return (ALL_SERVICE_ACCOUNTS, f"{ALL_SERVICE_ACCOUNTS}:{namespace}")


def split_service_account(username: str) -> tuple[str, str] | None:
    """(namespace, name) of a service account's user name, None of any other."""
    if not username.startswith(SERVICE_ACCOUNT_PREFIX):
        return None
    namespace, separator, name = username[len(SERVICE_ACCOUNT_PREFIX) :].partition(":")
    if not separator or len(namespace) > 63 or not _LABEL.fullmatch(namespace):
        return None
    return (namespace, name) if len(name) <= 253 and _SUBDOMAIN.fullmatch(name) else None


def split_node(username: str) -> str | None:
    """The node's name in a node's user name, None of any other."""
    if not username.startswith(NODE_PREFIX):
        return None
    name = username[len(NODE_PREFIX) :]
    return name if len(name) <= 253 and _SUBDOMAIN.fullmatch(name) else None


def with_authenticated_group(user: User) -> User:
    """The user, and system:authenticated among its groups unless it is anonymous or says which of both it is."""
    if user.name == ANONYMOUS or ALL_AUTHENTICATED in user.groups or ALL_UNAUTHENTICATED in user.groups:
        return user
    return User(name=user.name, uid=user.uid, groups=(*user.groups, ALL_AUTHENTICATED), extra=user.extra)


SERVER = User("system:apiserver", groups=(PRIVILEGED_GROUP, ALL_AUTHENTICATED))
"""The API server itself, where it writes by its own decision."""
SERVER_MANAGER = "kube-apiserver"
"""Its field manager, upstream's name."""

"""RBAC: what the roles say that are bound to a user, its groups or its service account.

Reads: roles and bindings through RoleSource. Invariants: an answer never outlives the versions it was computed from;
remembered answers are bounded. Object names do not multiply what is remembered: one entry per verb and resource
holds the names it is limited to.
Upstream differences: bindings are looked at in the order of their names (there: in no order), which only shows in
which of several bindings a reason names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steersman.api.errors import go_quote
from steersman.apiserver.authn.credentials import aggregate
from steersman.apiserver.authn.user import SERVICE_ACCOUNT_PREFIX, User, service_account_username
from steersman.apiserver.authz.attributes import NO_OPINION, Attributes, Decision, RuleSet
from steersman.apiserver.authz.roles import RBAC_GROUP
from steersman.apiserver.authz.rules import CompiledRule, compile_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.api.meta.types import Object
    from steersman.apiserver.authz.roles import RoleSource

_ACCESSES_MAX = 4096
"""Remembered (user, namespace) pairs."""
_ANSWERS_MAX = 1024
"""Remembered answers of one such pair."""


class BoundRule(NamedTuple):
    """A rule that applies to a user, and through which binding, in upstream's words."""

    source: str
    rule: CompiledRule


class MissingRole(NamedTuple):
    """A binding names a role that does not exist."""

    kind: str
    name: str


class _Answer(NamedTuple):
    by_name: dict[str, Decision]
    """Names that a rule before the first unlimited one allows."""
    otherwise: Decision


class _Access:
    """Everything bound to one user in one namespace, and the answers found so far."""

    __slots__ = ("answers", "missing", "refusal", "rules")

    def __init__(self, rules: list[BoundRule], missing: list[MissingRole]) -> None:
        self.rules = rules
        self.missing = missing
        self.answers: dict[tuple[str, ...], _Answer] = {}
        messages = [f'{role.kind.lower()}.{RBAC_GROUP} "{role.name}" not found' for role in missing]
        self.refusal = Decision(reason=f"RBAC: {aggregate(messages)}") if messages else NO_OPINION

    def remember(self, key: tuple[str, ...], answer: _Answer) -> _Answer:
        if len(self.answers) >= _ANSWERS_MAX:
            self.answers.clear()
        self.answers[key] = answer
        return answer


class _Held(NamedTuple):
    """What a user may do in a namespace, and the versions for which that is so."""

    access: _Access
    cluster_version: int
    namespace_version: int


class RBAC:
    """The authorizer."""

    def __init__(self, *, roles: RoleSource) -> None:
        self._roles = roles
        self._accesses: dict[tuple[str, tuple[str, ...], str], _Held] = {}
        self._compiled: dict[tuple[str, str], tuple[Object, tuple[CompiledRule, ...]]] = {}
        self._bindings: dict[str, tuple[int, _BindingIndex]] = {}

    def authorize(self, attributes: Attributes) -> Decision:
        namespace = attributes.namespace
        access = self._access(attributes.user, namespace)
        if attributes.is_resource:
            key = (attributes.verb, attributes.group, attributes.resource, attributes.subresource)
            answer = access.answers.get(key) or access.remember(key, _judge_resource(access, *key))
            if answer.by_name:
                return answer.by_name.get(attributes.name, answer.otherwise)
            return answer.otherwise
        path_key = (attributes.verb, attributes.path)
        found = access.answers.get(path_key) or access.remember(path_key, _judge_path(access, *path_key))
        return found.otherwise

    def rules_for(self, user: User, namespace: str) -> RuleSet:
        access = self._access(user, namespace)
        resource_rules, non_resource_rules = [], []
        for _, compiled in access.rules:
            rule = compiled.rule
            if compiled.resources:
                resource_rules.append(_picked(rule, "verbs", "apiGroups", "resources", "resourceNames"))
            if compiled.urls:
                non_resource_rules.append(_picked(rule, "verbs", "nonResourceURLs"))
        return RuleSet(
            resource_rules=tuple(resource_rules),
            non_resource_rules=tuple(non_resource_rules),
            error=access.refusal.reason.removeprefix("RBAC: "),
        )

    def bound_rules(self, user: User, namespace: str) -> tuple[list[Object], list[MissingRole]]:
        """All rules that apply to a user in a namespace ("" for cluster-wide ones only), and what is bound in vain."""
        access = self._access(user, namespace)
        return [bound.rule.rule for bound in access.rules], access.missing

    def role_rules(self, role_ref: Object, namespace: str) -> list[Object] | None:
        """The rules of a binding's role, None when there is no such role."""
        if role_ref.get("kind") == "Role":
            role = self._roles.role(namespace, role_ref.get("name", "")) if namespace else None
        elif role_ref.get("kind") == "ClusterRole":
            role = self._roles.cluster_role(role_ref.get("name", ""))
        else:
            role = None
        return None if role is None else list(role.get("rules") or ())

    def _access(self, user: User, namespace: str) -> _Access:
        roles = self._roles
        key = (user.name, user.groups, namespace)
        held = self._accesses.get(key)
        cluster_version = roles.version("")
        namespace_version = roles.version(namespace) if namespace else 0
        if held is not None and held.cluster_version == cluster_version and held.namespace_version == namespace_version:
            return held.access
        if namespace and not any(self._binding_index(namespace).of(user)):
            access = self._access(user, "")  # nothing is added here: one access for all such namespaces
        else:
            access = self._compile(user, namespace)
        if held is None and len(self._accesses) >= _ACCESSES_MAX:
            self._accesses.clear()
        self._accesses[key] = _Held(access, cluster_version, namespace_version)
        return access

    def _compile(self, user: User, namespace: str) -> _Access:
        rules: list[BoundRule] = []
        missing: list[MissingRole] = []
        for scope in ("", namespace) if namespace else ("",):
            for binding, source in self._binding_index(scope).of(user):
                reference = binding["roleRef"]
                kind, name = reference.get("kind", ""), reference.get("name", "")
                # Only a RoleBinding may name a Role, and only one of its own namespace.
                role = self._roles.cluster_role(name) if kind == "ClusterRole" else None
                if kind == "Role" and scope:
                    role = self._roles.role(scope, name)
                if role is None:
                    missing.append(MissingRole(kind, name))
                    continue
                rules.extend(BoundRule(source, rule) for rule in self._rules_of(role))
        return _Access(rules, missing)

    def _rules_of(self, role: Object) -> tuple[CompiledRule, ...]:
        """Compiled once for all who are bound to the role."""
        key = (role["metadata"].get("namespace", ""), role["metadata"]["name"])
        known = self._compiled.get(key)
        if known is not None and known[0] is role:
            return known[1]
        if len(self._compiled) >= _ACCESSES_MAX:
            self._compiled.clear()
        rules = compile_rules(role)
        self._compiled[key] = (role, rules)
        return rules

    def _binding_index(self, scope: str) -> _BindingIndex:
        version = self._roles.version(scope)
        held = self._bindings.get(scope)
        if held is not None and held[0] == version:
            return held[1]
        if held is None and len(self._bindings) >= _ACCESSES_MAX:
            self._bindings.clear()
        bindings = self._roles.role_bindings(scope) if scope else self._roles.cluster_role_bindings()
        index = _BindingIndex(bindings, scope)
        self._bindings[scope] = (version, index)
        return index


class _BindingIndex:
    """Bindings of one scope by the subjects they name."""

    __slots__ = ("_bindings", "_by_subject", "_scope")

    def __init__(self, bindings: Iterable[Object], scope: str) -> None:
        self._scope = scope
        self._bindings = tuple(bindings)
        self._by_subject: dict[tuple[str, str], list[int]] = {}
        for position, binding in enumerate(self._bindings):
            for subject in binding.get("subjects") or ():
                key = self._subject_key(subject)
                if key is not None:
                    positions = self._by_subject.setdefault(key, [])
                    if not positions or positions[-1] != position:
                        positions.append(position)

    def of(self, user: User) -> Iterator[tuple[Object, str]]:
        """The bindings that name the user, each with the description of the first subject that does."""
        keys = {("User", user.name), *(("Group", group) for group in user.groups)}
        if user.name.startswith(SERVICE_ACCOUNT_PREFIX):
            keys.add(("ServiceAccount", user.name))
        by_subject = self._by_subject
        for position in sorted({found for key in keys for found in by_subject.get(key, ())}):
            binding = self._bindings[position]
            subject = next(s for s in binding["subjects"] if self._subject_key(s) in keys)
            yield binding, self._describe(binding, subject)

    def _subject_key(self, subject: Object) -> tuple[str, str] | None:
        kind, name = subject.get("kind", ""), subject.get("name", "")
        if kind in ("User", "Group"):
            return kind, name
        namespace = subject.get("namespace") or self._scope
        if kind == "ServiceAccount" and namespace:
            return kind, service_account_username(namespace, name)
        return None

    def _describe(self, binding: Object, subject: Object) -> str:
        metadata, reference = binding["metadata"], binding["roleRef"]
        kind, name = subject["kind"], subject["name"]
        if kind == "ServiceAccount":
            name = f"{name}/{subject.get('namespace') or self._scope}"
        bound, place = ("RoleBinding", f"/{self._scope}") if self._scope else ("ClusterRoleBinding", "")
        return (
            f"{bound} {go_quote(metadata['name'] + place)} of {reference.get('kind')} "
            f"{go_quote(reference.get('name', ''))} to {kind} {go_quote(name)}"
        )


def _judge_resource(access: _Access, verb: str, group: str, resource: str, subresource: str) -> _Answer:
    by_name: dict[str, Decision] = {}
    for source, rule in access.rules:
        if not rule.matches_resource(verb, group, resource, subresource):
            continue
        allowed = Decision(allowed=True, reason=f"RBAC: allowed by {source}")
        if not rule.names:
            return _Answer(by_name, allowed)
        for name in rule.names:
            by_name.setdefault(name, allowed)
    return _Answer(by_name, access.refusal)


def _judge_path(access: _Access, verb: str, path: str) -> _Answer:
    for source, rule in access.rules:
        if rule.matches_path(verb, path):
            return _Answer({}, Decision(allowed=True, reason=f"RBAC: allowed by {source}"))
    return _Answer({}, access.refusal)


def _picked(rule: Object, *fields: str) -> Object:
    return {field: rule[field] for field in fields if rule.get(field)}

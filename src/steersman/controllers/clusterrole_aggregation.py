"""clusterrole_aggregation: a ClusterRole with an aggregationRule has the rules of all ClusterRoles that it selects.

Reads: clusterroles. Writes: clusterroles (patch: applied, by force; escalate, since it may give what it has not).
Invariants: rules are in the order of the selectors, then of names, each once; a role is never its own source; whatever
else stands in its rules goes.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.meta.label_selector import compile_selector
from steersman.api.rbac.cluster_role import CLUSTER_ROLES
from steersman.client.client import key_of
from steersman.client.request import PatchType
from steersman.controllers.base import Controller, Writes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.request import Key

_FIELDS = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")


class ClusterRoleAggregation(Controller):
    """See the module."""

    name = "clusterrole_aggregation"
    reads = (CLUSTER_ROLES,)
    writes = (Writes(CLUSTER_ROLES, ("patch", "escalate")),)

    def setup(self) -> None:
        self.on(CLUSTER_ROLES, self._concerned)

    def _concerned(self, _old: Object | None, _new: Object | None) -> Iterable[Key]:
        """Any role may be a source of any that aggregates; there are few of these."""
        return [key_of(each) for each in self.view.list(CLUSTER_ROLES) if each.get("aggregationRule")]

    async def reconcile(self, key: Key) -> None:
        role = self.view.get(CLUSTER_ROLES, key)
        if role is None:
            return
        rules = compute_rules(role, self.view.list(CLUSTER_ROLES))
        if rules is None:
            return
        body: Object = {"apiVersion": CLUSTER_ROLES.api_version, "kind": CLUSTER_ROLES.kind}
        body["metadata"] = {"name": key.name}
        if rules:
            body["rules"] = rules
        await self.client.patch(CLUSTER_ROLES, key, body, kind=PatchType.APPLY, force=True)


def compute_rules(role: Object, roles: Sequence[Object]) -> list[Object] | None:
    """The rules that `role` should have; None if it has them, aggregates nothing, or selects in a way that is invalid.

    `roles`: all that there are.
    """
    aggregation = role.get("aggregationRule")
    if not aggregation:
        return None
    name = role["metadata"]["name"]
    sources = sorted((each for each in roles if each["metadata"]["name"] != name), key=lambda r: r["metadata"]["name"])
    rules: list[Object] = []
    for selector in aggregation.get("clusterRoleSelectors") or ():
        try:
            chosen = compile_selector(selector)
        except ValueError:
            return None
        for source in sources:
            if chosen.matches(source["metadata"].get("labels") or {}):
                rules += [rule for rule in _rules(source) if rule not in rules]
    return None if rules == _rules(role) else rules


def _rules(role: Object) -> list[Object]:
    """Without what is empty, which means the same as what is not there."""
    return [{name: rule[name] for name in _FIELDS if rule.get(name)} for rule in role.get("rules") or ()]

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from steersman.api.errors import Forbidden, NotFound
from steersman.apiserver.authn.user import User
from steersman.apiserver.authz.chain import AuthorizerChain
from steersman.apiserver.authz.escalation import EscalationCheck
from steersman.apiserver.authz.grants import GrantHook
from steersman.apiserver.authz.rbac import RBAC
from steersman.apiserver.authz.roles import RoleTable
from steersman.apiserver.write import Write

RULE = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
ESCALATE = {
    "verbs": ["escalate"],
    "apiGroups": ["rbac.authorization.k8s.io"],
    "resources": ["roles"],
    "resourceNames": ["r"],
}


@pytest.fixture
def hook():
    table = RoleTable()
    table.put("clusterroles", {"metadata": {"name": "own"}, "rules": [ESCALATE]})
    reference = {"kind": "ClusterRole", "name": "own"}
    subjects = [{"kind": "User", "name": "alice"}]
    table.put("clusterrolebindings", {"metadata": {"name": "own"}, "roleRef": reference, "subjects": subjects})
    rbac = RBAC(roles=table)
    return GrantHook(check=EscalationCheck(authorizer=AuthorizerChain(units=(("rbac", rbac),)), rbac=rbac))


def write(resource, kind, name="r"):
    served = SimpleNamespace(resource=SimpleNamespace(plural=resource))
    return Write(
        served=served,
        namespace="ns",
        name=name,
        user=User("alice"),
        now=datetime(2026, 1, 1, tzinfo=UTC),
        options={"kind": kind},
    )


def role(**metadata):
    return {"metadata": {"name": "r", "namespace": "ns", **metadata}, "rules": [RULE]}


async def test_roles_are_judged_on_create_and_update(hook):
    with pytest.raises(Forbidden):
        await hook.begin_create(write("roles", "CreateOptions", "other"), role())
    with pytest.raises(Forbidden):
        await hook.begin_update(write("roles", "UpdateOptions", "other"), role(), {**role(), "rules": []})


async def test_rights_on_one_name_count_where_the_url_names_it(hook):
    await hook.begin_update(write("roles", "UpdateOptions"), role(), {**role(), "rules": []})
    await hook.begin_create(write("roles", "UpdateOptions"), role())
    with pytest.raises(Forbidden):
        await hook.begin_create(write("roles", "CreateOptions"), role())


async def test_bindings_are_judged_by_the_role_they_name(hook):
    binding = {"metadata": {"name": "b", "namespace": "ns"}, "roleRef": {"kind": "Role", "name": "absent"}}
    with pytest.raises(NotFound):
        await hook.begin_create(write("rolebindings", "CreateOptions"), binding)


async def test_the_version_that_a_client_sends_along_is_no_change(hook):
    old = role()
    await hook.begin_update(write("roles", "UpdateOptions", "other"), role(resourceVersion="7", finalizers=["x"]), old)

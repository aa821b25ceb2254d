from __future__ import annotations

from typing import Any

import pytest

from steersman.api.schema.builtin import type_of
from steersman.api.schema.empties import forget_empties


@pytest.mark.parametrize(
    ("name", "given", "result"),
    [
        ("rbac.v1.Role", {"rules": []}, {"rules": None}),
        (
            "rbac.v1.Role",
            {"rules": [{"verbs": []}, {"verbs": ["get"]}]},
            {"rules": [{"verbs": None}, {"verbs": ["get"]}]},
        ),
        ("rbac.v1.Role", {}, {}),
        (
            "core.v1.PodTemplate",
            {"template": {"spec": {"containers": []}}},
            {"template": {"spec": {"containers": None}}},
        ),
        ("core.v1.ConfigMap", {"data": {}}, {"data": {}}),
    ],
)
def test_what_storage_forgets_is_null(name: str, given: dict[str, Any], result: dict[str, Any]) -> None:
    forget_empties(type_of(f"io.k8s.api.{name}"), given)
    assert given == result


def test_what_is_stored_as_json_is_kept() -> None:
    spec = {"spec": {"versions": []}}
    prefix = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
    forget_empties(type_of(f"{prefix}CustomResourceDefinition"), spec)
    assert spec == {"spec": {"versions": []}}

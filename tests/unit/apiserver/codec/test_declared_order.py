"""The order of Go's structs."""

from __future__ import annotations

import pytest

from steersman.apiserver.codec.declared_order import DeclaredOrder
from steersman.apiserver.codec.protobuf_tables import Tables


@pytest.fixture(scope="module")
def order() -> DeclaredOrder:
    return DeclaredOrder(Tables())


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("io.k8s.api.core.v1.ConfigMap", ("kind", "apiVersion", "metadata", "immutable", "data", "binaryData")),
        ("io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference",
         ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")),
        ("io.k8s.api.nosuch.v1.Kind", ()),
    ],
)  # fmt: skip
def test_members_are_in_the_order_of_declaration(order: DeclaredOrder, name: str, members: tuple[str, ...]) -> None:
    assert order.members(name) == members


def test_embedded_structs_are_spread_out(order: DeclaredOrder) -> None:
    assert {"name", "emptyDir", "configMap"} <= set(order.members("io.k8s.api.core.v1.Volume"))

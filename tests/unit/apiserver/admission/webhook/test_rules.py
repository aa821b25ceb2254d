from __future__ import annotations

import pytest

from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.pod import PODS
from steersman.apiserver.admission.webhook.rules import Place, compile_rule

from .hooks import ANY

POD = Place.of(PODS, "", "CREATE")


@pytest.mark.parametrize(
    ("changed", "matches"),
    [
        ({}, True),
        ({"operations": ["UPDATE", "CREATE"]}, True),
        ({"operations": ["UPDATE"]}, False),
        ({"apiGroups": [""]}, True),
        ({"apiGroups": ["apps"]}, False),
        ({"apiVersions": ["v1"]}, True),
        ({"apiVersions": ["v1beta1"]}, False),
        ({"scope": "Namespaced"}, True),
        ({"scope": "Cluster"}, False),
        ({"scope": None}, True),
        ({"resources": ["nodes", "pods"]}, True),
        ({"resources": ["pods/*"]}, True),
        ({"resources": ["*"]}, True),
        ({"resources": ["pods/status"]}, False),
        ({"resources": []}, False),
    ],
)
def test_every_part_of_a_rule_has_to_match(changed, matches):
    assert compile_rule(ANY | changed).matches(POD) is matches


@pytest.mark.parametrize(
    ("resources", "matches"),
    [(["pods"], False), (["*"], False), (["pods/status"], True), (["*/status"], True), (["pods/*"], True)],
)
def test_a_subresource_is_matched_by_its_own_name(resources, matches):
    assert compile_rule(ANY | {"resources": resources}).matches(POD._replace(subresource="status")) is matches


def test_a_namespace_is_of_cluster_scope():
    place = Place.of(NAMESPACES, "", "UPDATE")
    assert compile_rule(ANY | {"scope": "Cluster"}).matches(place)
    assert not compile_rule(ANY | {"scope": "Namespaced"}).matches(place)


def test_groups_are_told_apart():
    assert compile_rule(ANY | {"apiGroups": ["apps"]}).matches(Place.of(DEPLOYMENTS, "scale", "UPDATE"))

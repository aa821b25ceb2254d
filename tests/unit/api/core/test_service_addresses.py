from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.service_addresses import validate_address_changes, validate_addresses

DUAL = {"ipFamilies": ["IPv4", "IPv6"], "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1"]}
SINGLE = {"ipFamilies": ["IPv4"], "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}


def service(**spec: Any) -> dict[str, Any]:
    return {"metadata": {}, "spec": {"type": "ClusterIP"} | spec}


@pytest.mark.parametrize(
    ("spec", "messages"),
    [
        ({}, []),
        (DUAL, []),
        ({"clusterIP": "None", "clusterIPs": ["None"]}, []),
        ({"clusterIP": "10.0.0.1"}, ["spec.clusterIPs: Required value"]),
        (
            {"clusterIPs": ["10.0.0.1"]},
            ['spec.clusterIPs: Invalid value: ["10.0.0.1"]: must be empty when `clusterIP` is not specified'],
        ),
        (
            {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "10.0.0.2"]},
            [
                (
                    'spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP '
                    "family"
                )
            ],
        ),
        (
            {"clusterIP": "None", "clusterIPs": ["None", "10.0.0.1"]},
            ['spec.clusterIPs: Invalid value: ["None","10.0.0.1"]: \'None\' must be the first and only value'],
        ),
        (
            SINGLE | {"ipFamilies": ["IPv6"]},
            ['spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`'],
        ),
        (
            {"ipFamilies": ["X", "X"], "ipFamilyPolicy": "Y"},
            [
                'spec.ipFamilies[0]: Unsupported value: "X": supported values: "IPv4", "IPv6"',
                'spec.ipFamilies[1]: Unsupported value: "X": supported values: "IPv4", "IPv6"',
                'spec.ipFamilies[1]: Duplicate value: "X"',
                (
                    'spec.ipFamilyPolicy: Unsupported value: "Y": supported values: "PreferDualStack", '
                    '"RequireDualStack", "SingleStack"'
                ),
            ],
        ),
        ({"type": "ExternalName", "clusterIPs": ["x"]}, []),
    ],
)
def test_linked_fields_agree(spec: dict[str, Any], messages: list[str]) -> None:
    assert [str(error) for error in validate_addresses(service(**spec), None)] == messages


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        (SINGLE, SINGLE, []),
        (SINGLE, DUAL, []),
        (DUAL, SINGLE | {"ipFamilyPolicy": "SingleStack"}, []),
        (
            DUAL,
            SINGLE | {"ipFamilyPolicy": "PreferDualStack"},
            [
                (
                    "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be set to 'SingleStack' when releasing "
                    "the secondary clusterIP"
                ),
                (
                    "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be set to 'SingleStack' when releasing "
                    "the secondary ipFamily"
                ),
            ],
        ),
        (
            SINGLE,
            SINGLE | {"clusterIPs": ["10.0.0.2"]},
            ['spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set'],
        ),
        (
            SINGLE,
            {"ipFamilies": ["IPv4"]},
            ["spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset"],
        ),
        (SINGLE, {"type": "ExternalName"}, []),
    ],
)
def test_the_first_address_stays(old: dict[str, Any], new: dict[str, Any], messages: list[str]) -> None:
    assert [str(error) for error in validate_address_changes(service(**new), service(**old))] == messages

from __future__ import annotations

from typing import Any

from steersman.api.dra.resource_claim_template import RESOURCE_CLAIM_TEMPLATES


def template(**spec: Any) -> dict[str, Any]:
    return {"spec": {"spec": {"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "c"}}]}}} | spec}


def test_claims_are_judged_below_the_template(judge: Any) -> None:
    obj = template(metadata={"labels": {"a": "b"}, "name": "x"}, spec={"devices": {"requests": [{"name": "r"}]}})
    assert judge(RESOURCE_CLAIM_TEMPLATES).errors(obj) == [
        "spec.metadata.name: Forbidden: cannot be set",
        "spec.spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required",
    ]


def test_the_specification_stays(judge: Any) -> None:
    templates = judge(RESOURCE_CLAIM_TEMPLATES)
    old = templates.created(template())
    assert templates.update_errors(template(), old) == []
    (text,) = templates.update_errors(template(metadata={"labels": {"a": "b"}}), old)
    assert text.startswith(
        'spec: Invalid value: {"labels":{"a":"b"},"Spec":{"Devices":{"Requests":[{"Name":"r","Exactly":'
    )
    assert text.endswith('"FirstAvailable":null}],"Constraints":null,"Config":null}}}: field is immutable')

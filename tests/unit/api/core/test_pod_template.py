from __future__ import annotations

from typing import Any

from steersman.api.core.pod_template import POD_TEMPLATES

TEMPLATE = {"template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}}


def test_the_template_gets_the_defaults_of_pods(judge: Any) -> None:
    assert judge(POD_TEMPLATES).created(TEMPLATE)["template"]["spec"]["restartPolicy"] == "Always"
    assert "template" in judge(POD_TEMPLATES).created({})


def test_the_template_is_judged(judge: Any) -> None:
    assert judge(POD_TEMPLATES).errors(TEMPLATE) == []
    assert judge(POD_TEMPLATES).errors({}) == ["template.spec.containers: Required value"]


def test_columns(judge: Any) -> None:
    assert judge(POD_TEMPLATES).cells(TEMPLATE) == {"Containers": "c", "Images": "i:1", "Pod Labels": "a=b"}

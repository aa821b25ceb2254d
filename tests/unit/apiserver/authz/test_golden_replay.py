"""Recorded scenarios of upstream, replayed on the chain without a server: who may do what, refusals, reviews, escalation.

What a store would answer is not looked at; only that the request got as far as the store.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from steersman.api.errors import ApiError
from steersman.apiserver.authn.catalog import authenticator
from steersman.apiserver.authn.impersonation import Impersonation
from steersman.apiserver.authn.token_file import read_token_file
from steersman.apiserver.authz.attributes import Attributes
from steersman.apiserver.authz.bootstrap import bootstrap_objects
from steersman.apiserver.authz.catalog import authorizers
from steersman.apiserver.authz.escalation import EscalationCheck
from steersman.apiserver.authz.forbidden import forbidden
from steersman.apiserver.authz.reviews import AccessReviews, review_self, review_token
from steersman.apiserver.authz.roles import RBAC_RESOURCES, RoleTable
from steersman.apiserver.requestinfo import parse_request
from steersman.lib.http.message import Headers

GOLDEN = Path(__file__).parents[5] / "shared" / "golden"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
AUDIENCES = ("https://kubernetes.default.svc",)
SCENARIOS = (
    "rbac/grants",
    "rbac/escalation",
    "rbac/impersonation",
    "reviews/localsubjectaccessreviews",
    "reviews/selfsubjectaccessreviews",
    "reviews/subjectaccessreviews",
    "reviews/tokenreviews",
)

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="needs ../shared/golden beside the project")


class Cluster:
    def __init__(self) -> None:
        self.roles = RoleTable()
        self.stored = {}
        for resource, obj in bootstrap_objects():
            self.put(resource, obj)
        relations = SimpleNamespace(pods_on_node=lambda node: (), get=lambda *args: None)
        self.chain, rbac = authorizers(roles=self.roles, relations=relations)
        self.escalation = EscalationCheck(authorizer=self.chain, rbac=rbac)
        self.impersonation = Impersonation(authorizer=self.chain)
        self.authenticator = authenticator(
            audiences=AUDIENCES, token_users=read_token_file(GOLDEN / "tokens.csv"), anonymous=True
        )
        self.reviews = AccessReviews(authorizer=self.chain)

    def put(self, resource, obj):
        metadata = obj["metadata"]
        self.stored[resource, metadata.get("namespace", ""), metadata["name"]] = obj
        self.roles.put(resource, obj)

    def answer(self, step):
        """The answer, or None where only a store could tell."""
        headers = Headers()
        token = {"none": "", "bad": "wrong-token", "node": "node1-token"}.get(
            step.get("as"), f"{step.get('as', 'admin')}-token"
        )
        if token:
            headers.add("authorization", f"Bearer {token}")
        for name, values in (step.get("headers") or {}).items():
            for value in values if isinstance(values, list) else [values]:
                headers.add(name.lower(), value)
        user = self.authenticator.authenticate(headers, None, NOW)
        query = step.get("query") or {}
        selector = query.get("fieldSelector", "")
        method = step["do"] if step["do"] != "WATCH" else "GET"
        info = parse_request(
            method,
            step["path"],
            watch=step["do"] == "WATCH",
            name_selector=selector.removeprefix("metadata.name=") if selector.startswith("metadata.name=") else "",
        )
        attributes = Attributes(
            user, info.verb, info.group, info.version, info.resource, info.subresource, info.namespace, info.name,
            info.path, info.is_resource,
        )  # fmt: skip
        user = self.impersonation.resolve(headers, attributes)
        attributes = attributes._replace(user=user)
        decision = self.chain.authorize(attributes)
        if not decision.allowed:
            raise forbidden(attributes, decision.reason)
        if method == "POST" and info.resource.endswith("reviews"):
            return self.review(info, step, user)
        if info.resource in RBAC_RESOURCES and info.version == "v1":
            self.write(info, step, user)
        return None

    def review(self, info, step, user):
        review = json.loads(json.dumps(step["body"]))
        if not review["kind"].endswith("Review") or "extra" in review:
            return None
        review.setdefault("metadata", {})
        if info.namespace:
            review["metadata"]["namespace"] = info.namespace
        shown = re.search(r'"managedFields":(\[.*\])\}: must be', (step["answer"]["body"] or {}).get("message", ""))
        if shown:
            review["metadata"]["managedFields"] = json.loads(shown[1])
        match info.resource:
            case "subjectaccessreviews":
                return self.reviews.subject_access(review)
            case "localsubjectaccessreviews":
                return self.reviews.local_subject_access(review, info.namespace)
            case "selfsubjectaccessreviews":
                return self.reviews.self_subject_access(review, user)
            case "selfsubjectrulesreviews":
                return self.reviews.self_subject_rules(review, user)
            case "selfsubjectreviews":
                return review_self(review, user, NOW)
            case "tokenreviews":
                return review_token(review, self.authenticator, NOW)
        raise AssertionError(info.resource)

    def write(self, info, step, user):
        key = (info.resource, info.namespace, info.name or (step.get("body") or {}).get("metadata", {}).get("name"))
        old = self.stored.get(key)
        if info.verb == "delete":
            self.stored.pop(key, None)
            self.roles.remove(*key)
            return
        if info.verb not in ("create", "patch"):
            return
        body = json.loads(json.dumps(step["body"]))
        if info.verb == "patch":
            body = {**old, **body, "metadata": {**old["metadata"], **body.get("metadata", {})}}
        if info.namespace:
            body["metadata"].setdefault("namespace", info.namespace)
        if info.resource.endswith("roles"):
            self.escalation.check_role(user, info.resource, info.namespace, info.name, new=body, old=old)
        else:
            self.escalation.check_binding(user, info.resource, info.namespace, new=body, old=old)
        if "dryRun" not in (step.get("query") or {}) and step["answer"]["status"] < 300:
            self.put(info.resource, body)


def _resolve(scenario):
    text = json.dumps(scenario)
    for variable, value in (("@ns@", "ns-@u@"), ("@u@", "run1"), ("<time>", "2026-11-23T00:00:00Z")):
        text = text.replace(variable, value)
    return json.loads(text)


def _comparable(body):
    body = json.loads(json.dumps(body))
    metadata = body.get("metadata", {})
    metadata.pop("managedFields", None)
    if "creationTimestamp" in metadata:
        metadata["creationTimestamp"] = "2026-11-23T00:00:00Z"
    for field in ("resourceRules", "nonResourceRules"):
        rules = body.get("status", {}).get(field)
        if rules:
            rules.sort(key=lambda rule: json.dumps(rule, sort_keys=True))
    return body


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_chain_answers_as_recorded(name):
    scenario = _resolve(json.loads((GOLDEN / "visible" / f"{name}.json").read_text()))
    cluster = Cluster()
    compared = 0
    for index, step in enumerate(scenario["steps"]):
        where = f"{name} step {index}: {step.get('as', 'admin')} {step['do']} {step.get('path')}"
        expected = step["answer"]
        answer = refusal = None
        try:
            answer = cluster.answer(step)
        except ApiError as error:
            refusal = error
        if refusal is not None:
            assert refusal.code == expected["status"], f"{where}: {refusal}"
            assert refusal.status() == expected["body"], where
            if refusal.code == 403:
                assert bool(refusal.headers) == ("X-Content-Type-Options" in expected["headers"]), where
            compared += 1
            continue
        if answer is None:
            assert expected["status"] not in (401, 403), f"{where}: {expected['body']}"
            continue
        assert expected["status"] == 201, f"{where}: {expected['body']}"
        assert _comparable(answer) == _comparable(expected["body"]), where
        compared += 1
    assert compared > 5


def test_refusals_of_other_scenarios_are_worded_as_recorded():
    """Every recorded 403 of the authorisation filter is rebuilt from its request."""
    seen = 0
    for path in sorted((GOLDEN / "visible").rglob("*.json")):
        scenario = _resolve(json.loads(path.read_text()))
        for step in scenario["steps"]:
            answer = step.get("answer") or {}
            body = answer.get("body")
            if (
                answer.get("status") != 403
                or not isinstance(body, dict)
                or not re.search('User "[^"]+" cannot ', body.get("message", ""))
            ):
                continue
            if (step.get("headers") or {}).keys() & {"Impersonate-User", "Authorization"} or path.parent.name == "rbac":
                continue
            with pytest.raises(ApiError) as caught:
                Cluster().answer(step)
            assert caught.value.status() == body, f"{path.name}: {step['do']} {step['path']}"
            seen += 1
    assert seen > 10

"""What webhooks are tested with: configurations, a client that answers at once, and both plugins in a small server."""

from __future__ import annotations

import base64
from contextlib import asynccontextmanager

import orjson
from tests.unit.apiserver.admission.shelf import core

from steersman.api.admissionregistration.mutating_webhook_configuration import MUTATING_WEBHOOK_CONFIGURATIONS
from steersman.api.admissionregistration.validating_webhook_configuration import VALIDATING_WEBHOOK_CONFIGURATIONS
from steersman.apiserver.admission.webhook.match_conditions import Unevaluated
from steersman.apiserver.admission.webhook.metrics import WebhookMetrics
from steersman.apiserver.admission.webhook.mutating import MutatingAdmissionWebhook
from steersman.apiserver.admission.webhook.plugin import WebhookParts
from steersman.apiserver.admission.webhook.validating import ValidatingAdmissionWebhook
from steersman.apiserver.outbound.hook_client import HookFailed
from steersman.lib.metrics import Registry

ANY = {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"], "scope": "*"}


def webhook(name="w.example.com", **fields):
    """As a configuration holds it after defaulting."""
    return {
        "name": name,
        "clientConfig": {"url": f"https://{name}/"},
        "rules": [ANY],
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "sideEffects": "None",
        "timeoutSeconds": 10,
        "admissionReviewVersions": ["v1"],
    } | fields


def configuration(*webhooks, name="c"):
    return {"metadata": {"name": name}, "webhooks": list(webhooks)}


def allowed(**fields):
    return lambda _request: {"allowed": True} | fields


def denied(**status):
    return lambda _request: {"allowed": False} | ({"status": status} if status else {})


def patches(*operations):
    encoded = base64.b64encode(orjson.dumps(operations)).decode()
    return allowed(patch=encoded, patchType="JSONPatch")


def adds(path, value):
    return patches({"op": "add", "path": path, "value": value})


class Answers:
    """In the place of the HookClient: answers by the URL's host, which is the webhook's name."""

    def __init__(self):
        self.by_name = {}
        self.requests = []

    async def post(self, config, document, *, timeout_s):
        request = orjson.loads(orjson.dumps(document["request"]))
        name = config["url"].removeprefix("https://").removesuffix("/")
        self.requests.append((name, request, timeout_s))
        answer = self.by_name.get(name, allowed())
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, bytes):
            return answer
        return orjson.dumps(
            {
                "kind": document["kind"],
                "apiVersion": document["apiVersion"],
                "response": {"uid": request["uid"]} | answer(request),
            }
        )

    @property
    def names(self):
        return [name for name, _, _ in self.requests]


def unreachable(why="connection refused", code=0):
    return HookFailed(why, code=code)


class Site:
    """Both plugins over a real resource table and cache."""

    def __init__(self, made):
        self.core = made
        self.answers = Answers()
        self.registry = Registry()
        self._uids = 0
        self.parts = WebhookParts(
            reader=made.reader,
            resources=made.table,
            client=self.answers,
            conditions=Unevaluated(),
            metrics=WebhookMetrics(registry=self.registry, timer=lambda: 0.0),
            new_uid=self._uid,
        )
        self.mutating = MutatingAdmissionWebhook(parts=self.parts)
        self.validating = ValidatingAdmissionWebhook(parts=self.parts)
        self.pipeline = made.pipeline(self.validating, mutating=(self.mutating,))

    def _uid(self):
        self._uids += 1
        return f"uid-{self._uids}"

    async def mutates(self, *webhooks, name="c"):
        await self._register(MUTATING_WEBHOOK_CONFIGURATIONS, webhooks, name)

    async def validates(self, *webhooks, name="c"):
        await self._register(VALIDATING_WEBHOOK_CONFIGURATIONS, webhooks, name)

    async def _register(self, resource, webhooks, name):
        await self.core.create(self.core.unreviewed, resource, configuration(*webhooks, name=name))

    async def create(self, resource, obj, *, dry_run=False):
        written = await self.core.create(self.pipeline, resource, obj, dry_run=dry_run)
        return orjson.loads(written.json)

    def metrics(self):
        return self.registry.render().decode()


@asynccontextmanager
async def site():
    async with core() as made:
        yield Site(made)

"""SelfSubjectRulesReview: what may I do in this namespace."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope
from steersman.api.schema.builtin import schema

SELF_SUBJECT_RULES_REVIEWS = Resource(
    group="authorization.k8s.io",
    version="v1",
    kind="SelfSubjectRulesReview",
    plural="selfsubjectrulesreviews",
    singular="selfsubjectrulesreview",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.authorization.v1.SelfSubjectRulesReview"),
    verbs=("create",),
    ephemeral=True,
)

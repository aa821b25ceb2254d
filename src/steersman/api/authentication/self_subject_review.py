"""SelfSubjectReview: who am I."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope
from steersman.api.schema.builtin import schema

SELF_SUBJECT_REVIEWS = Resource(
    group="authentication.k8s.io",
    version="v1",
    kind="SelfSubjectReview",
    plural="selfsubjectreviews",
    singular="selfsubjectreview",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.authentication.v1.SelfSubjectReview"),
    verbs=("create",),
    ephemeral=True,
)

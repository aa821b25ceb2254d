"""SelfSubjectAccessReview: may I do this."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope
from steersman.api.schema.builtin import schema

SELF_SUBJECT_ACCESS_REVIEWS = Resource(
    group="authorization.k8s.io",
    version="v1",
    kind="SelfSubjectAccessReview",
    plural="selfsubjectaccessreviews",
    singular="selfsubjectaccessreview",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.authorization.v1.SelfSubjectAccessReview"),
    verbs=("create",),
    ephemeral=True,
)

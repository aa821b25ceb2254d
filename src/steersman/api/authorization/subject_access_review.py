"""SubjectAccessReview: may that user do this."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope
from steersman.api.schema.builtin import schema

SUBJECT_ACCESS_REVIEWS = Resource(
    group="authorization.k8s.io",
    version="v1",
    kind="SubjectAccessReview",
    plural="subjectaccessreviews",
    singular="subjectaccessreview",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.authorization.v1.SubjectAccessReview"),
    verbs=("create",),
    ephemeral=True,
)

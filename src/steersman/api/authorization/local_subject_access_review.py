"""LocalSubjectAccessReview: may that user do this in this namespace."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope
from steersman.api.schema.builtin import schema

LOCAL_SUBJECT_ACCESS_REVIEWS = Resource(
    group="authorization.k8s.io",
    version="v1",
    kind="LocalSubjectAccessReview",
    plural="localsubjectaccessreviews",
    singular="localsubjectaccessreview",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.authorization.v1.LocalSubjectAccessReview"),
    verbs=("create",),
    ephemeral=True,
)

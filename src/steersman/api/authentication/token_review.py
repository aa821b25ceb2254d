"""TokenReview: whose token is this."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope
from steersman.api.schema.builtin import schema

TOKEN_REVIEWS = Resource(
    group="authentication.k8s.io",
    version="v1",
    kind="TokenReview",
    plural="tokenreviews",
    singular="tokenreview",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.authentication.v1.TokenReview"),
    verbs=("create",),
    ephemeral=True,
)

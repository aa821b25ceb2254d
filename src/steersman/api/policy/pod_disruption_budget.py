"""PodDisruptionBudget: how many pods may be down for voluntary reasons."""

from __future__ import annotations

from steersman.api.meta.names import name_is_path_segment
from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

POD_DISRUPTION_BUDGETS = Resource(
    group="policy",
    version="v1",
    kind="PodDisruptionBudget",
    plural="poddisruptionbudgets",
    singular="poddisruptionbudget",
    short_names=("pdb",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.policy.v1.PodDisruptionBudget"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),),
    strategy=Strategy(
        validate_name=name_is_path_segment,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
    ),
)

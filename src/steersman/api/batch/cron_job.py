"""CronJob: a Job on a schedule."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

CRON_JOBS = Resource(
    group="batch",
    version="v1",
    kind="CronJob",
    plural="cronjobs",
    singular="cronjob",
    short_names=("cj",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.batch.v1.CronJob"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),),
    strategy=Strategy(
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
)

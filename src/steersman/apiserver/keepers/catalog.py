"""All keepers, in the order in which they start.

They do not depend on each other, but an APIService that is registered first is found available at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver.keepers.api_service_available import APIServiceAvailable
from steersman.apiserver.keepers.cluster_authentication_trust import ClusterAuthenticationTrust, Trust
from steersman.apiserver.keepers.crd_registration import CRDRegistration
from steersman.apiserver.keepers.flow_schema_status import FlowSchemaStatus

if TYPE_CHECKING:
    from steersman.apiserver.identifiers import Identifiers
    from steersman.apiserver.keepers.api_service_available import Check
    from steersman.apiserver.keepers.base import Keeper
    from steersman.apiserver.pipeline import Pipeline
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.resources import ResourceTable


def keepers(
    *,
    resources: ResourceTable,
    reader: CacheReader,
    pipeline: Pipeline,
    identifiers: Identifiers,
    check: Check,
    trust: Trust,
) -> tuple[Keeper, ...]:
    """`check`: asks extension servers; `trust`: whom they are told to believe."""
    return (
        CRDRegistration(resources=resources, reader=reader, pipeline=pipeline, identifiers=identifiers),
        APIServiceAvailable(
            resources=resources, reader=reader, pipeline=pipeline, identifiers=identifiers, check=check
        ),
        FlowSchemaStatus(resources=resources, reader=reader, pipeline=pipeline, identifiers=identifiers),
        ClusterAuthenticationTrust(
            resources=resources, reader=reader, pipeline=pipeline, identifiers=identifiers, trust=trust
        ),
    )

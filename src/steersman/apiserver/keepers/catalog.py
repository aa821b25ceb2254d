"""All keepers, in the order in which they start.

They do not depend on each other, but an APIService that is registered first is found available at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steersman.apiserver.keepers.api_service_available import APIServiceAvailable
from steersman.apiserver.keepers.crd_registration import CRDRegistration
from steersman.apiserver.keepers.flow_schema_status import FlowSchemaStatus

if TYPE_CHECKING:
    from steersman.apiserver.identifiers import Identifiers
    from steersman.apiserver.keepers.base import Keeper
    from steersman.apiserver.pipeline import Pipeline
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.resources import ResourceTable

_KEEPERS: Final = (CRDRegistration, APIServiceAvailable, FlowSchemaStatus)


def keepers(
    *, resources: ResourceTable, reader: CacheReader, pipeline: Pipeline, identifiers: Identifiers
) -> tuple[Keeper, ...]:
    return tuple(
        each(resources=resources, reader=reader, pipeline=pipeline, identifiers=identifiers) for each in _KEEPERS
    )

"""(group, resource, subresource) -> who serves it. An empty subresource is the resource itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver.subresources.binding import bind
from steersman.apiserver.subresources.component_statuses import ComponentStatuses
from steersman.apiserver.subresources.eviction import Evictions
from steersman.apiserver.subresources.pod_connect import PodConnects, Unreachable
from steersman.apiserver.subresources.reviews import Reviews
from steersman.apiserver.subresources.scale import Scales
from steersman.apiserver.subresources.token import Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.apiserver.app import Connector
    from steersman.apiserver.authn.authenticator import Authenticator
    from steersman.apiserver.authn.service_account_issuer import TokenIssuer
    from steersman.apiserver.authz.attributes import Authorizer
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.subresources.component_statuses import Check
    from steersman.apiserver.subresources.pod_connect import NodeProxy, PodStreams


def connectors(
    *,
    reader: CacheReader,
    authorizer: Authorizer,
    authenticator: Authenticator,
    issuer: TokenIssuer,
    components: Mapping[str, Check],
    streams: PodStreams | None = None,
    proxy: NodeProxy | None = None,
) -> dict[tuple[str, str, str], Connector]:
    """Every connector, constructed. Without `streams` and `proxy` nothing on a node can be reached."""
    tokens = Tokens(reader=reader, issuer=issuer, audiences=authenticator.audiences)
    return {
        # Any resource whose record describes a Scale, custom ones too.
        ("", "", "scale"): Scales().serve,
        ("", "bindings", ""): bind,
        ("", "componentstatuses", ""): ComponentStatuses(checks=components).serve,
        ("", "pods", "binding"): bind,
        ("", "pods", "eviction"): Evictions(reader=reader).evict,
        ("", "serviceaccounts", "token"): tokens.create,
        **PodConnects(
            reader=reader, authorizer=authorizer, streams=streams or Unreachable(), proxy=proxy or Unreachable()
        ).connectors(),
        **Reviews(authorizer=authorizer, authenticator=authenticator).connectors(),
    }

"""Reviews: resources that are never stored. Creating one computes its answer: who is this, what may they do.

What the answers are is in `authz.reviews`; here they are read and written as any created object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from steersman.apiserver import body, respond
from steersman.apiserver.authz.reviews import AccessReviews, review_self, review_token
from steersman.apiserver.patch.managed_fields import stamp_update
from steersman.apiserver.subresources.common import admitted
from steersman.apiserver.verbs.naming import fit_namespace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from steersman.api.meta.types import Object
    from steersman.apiserver.authn.authenticator import Authenticator
    from steersman.apiserver.authz.attributes import Authorizer
    from steersman.apiserver.call import Call
    from steersman.apiserver.service import Service
    from steersman.lib.http.message import Response

    Answer = Callable[[Object, Call], Object]

AUTHENTICATION, AUTHORIZATION = "authentication.k8s.io", "authorization.k8s.io"


class Reviews:
    """The connectors of all review kinds."""

    def __init__(self, *, authorizer: Authorizer, authenticator: Authenticator) -> None:
        self._access = AccessReviews(authorizer=authorizer)
        self._authenticator = authenticator

    def connectors(self) -> dict[tuple[str, str, str], Callable[[Call, Service], Awaitable[Response]]]:
        access = self._access
        answers: dict[tuple[str, str], Answer] = {
            (AUTHENTICATION, "selfsubjectreviews"): lambda review, call: review_self(review, call.user, call.now),
            (AUTHENTICATION, "tokenreviews"): self._token,
            (AUTHORIZATION, "subjectaccessreviews"): lambda review, _call: access.subject_access(review),
            (AUTHORIZATION, "selfsubjectaccessreviews"): (
                lambda review, call: access.self_subject_access(review, call.user)
            ),
            (AUTHORIZATION, "localsubjectaccessreviews"): (
                lambda review, call: access.local_subject_access(review, call.info.namespace)
            ),
            (AUTHORIZATION, "selfsubjectrulesreviews"): (
                lambda review, call: access.self_subject_rules(review, call.user)
            ),
        }
        return {(*key, ""): self._connector(answer) for key, answer in answers.items()}

    def _token(self, review: Object, call: Call) -> Object:
        return review_token(review, self._authenticator, call.now)

    def _connector(self, answer: Answer) -> Callable[[Call, Service], Awaitable[Response]]:
        async def create(call: Call, service: Service) -> Response:
            options = call.write_options("CreateOptions")
            review = body.read(
                call.request,
                call.expected(),
                validation=options.field_validation,
                warnings=call.warnings,
                kinds=service.kinds,
                protobuf=service.protobuf,
            )
            fit_namespace(call, review)
            write = call.write(options, "CreateOptions")
            resource = call.served.resource
            stamp_update(
                old=None,
                new=review,
                type_=resource.schema(),
                manager=write.manager,
                api_version=resource.api_version,
                now=call.now,
            )
            write.name = review["metadata"].get("name", "")
            await admitted(call, service, write, review)
            return respond.one(call, orjson.dumps(answer(review, call)), 201)

        return create

"""Whether a user may approve, sign or attest for a signer: by the signer's name, or for its whole domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver.authz.attributes import Attributes

if TYPE_CHECKING:
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.authz.attributes import Authorizer


def may(authorizer: Authorizer, user: User, verb: str, signer: str) -> bool:
    """`verb` on `signers` of certificates.k8s.io, named `example.com/signer` or `example.com/*`."""
    domain = signer.partition("/")[0]
    return any(
        authorizer.authorize(
            Attributes(user=user, verb=verb, group="certificates.k8s.io", version="*", resource="signers", name=name)
        ).allowed
        for name in (signer, f"{domain}/*")
    )

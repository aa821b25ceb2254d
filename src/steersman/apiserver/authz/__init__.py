"""Who may do what. The chain of authorizers, and what is built on it.

Belongs here: attributes of a request, one unit per authorizer in the order of `catalog.py`, the texts of refusals, the
checks against escalation, the bootstrap policy, the pure part of access reviews. Must not be here: how an identity is
proven (that is `authn/`), what an RBAC object may look like (that is `api/rbac/`). Invariants: pure and synchronous;
an answer follows every acknowledged write of a role or binding; whatever is unclear is not allowed.
"""

"""Where the cluster's data lives: bytes under keys, with revisions.

Belongs here: the contract (`interface`), the drivers that fulfil it, and the pure pieces that embedded drivers share
(`mvcc`, `sorted_keys`, `hub`, `expiry`, `snapshot`). Does not belong here: anything that knows a Kubernetes kind,
JSON or HTTP.

Invariants: only the API server writes here; an acknowledged write is durable; revisions only rise; watchers see every
committed transaction once, whole and in order, and an embedded driver's watchers see it before the writer does.
"""

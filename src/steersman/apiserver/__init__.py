"""The API server: the cluster's only hub. It serves whatever `api.catalog` and CustomResourceDefinitions describe.

Belongs here: requests, representations, identity, admission, the write path, discovery. Must not be here: knowledge
of any single resource (that is `api/`), or of how bytes are kept (that is `store/`). Invariants: nothing is written
but through `pipeline`; what a client is told was written is durable; authorisation comes before anything is said
about an object.
"""

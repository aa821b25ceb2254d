"""The namespace controller: what is in a namespace that is being deleted goes, then the namespace.

Belongs here: `controller` (the order of things), `content` (the content of one resource, deleted and counted) and
`conditions` (what is said of it, pure). Must not: be imported by another controller; know any kind but pods.

Invariants: see `controller`.
"""

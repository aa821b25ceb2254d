"""The garbage collector: what is left behind by its owners is deleted, or set free.

Belongs here: `controller` (looks at live objects, deletes, patches), `monitors` (follows all that is served), `graph`
(who owns whom, pure), `decisions` (what becomes of an object, pure) and `absent_owners` (owners that are known not to
exist). Must not: be imported by another controller; know any kind.

Invariants: see `controller`.
"""

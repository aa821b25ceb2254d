"""The deployment controller: ReplicaSets, one per version of a Deployment's template, and how many pods each has.

Belongs here: `controller` (the controller), `creation` (makes the ReplicaSet of a template), and the pure parts it
decides with: `replica_sets` (which is which, in which order), `amounts` (how much may be missing or additional),
`revisions` (annotations), `rollout` (who grows and who shrinks next), `scaling` (in proportion), `status` (counts,
conditions, progress), `clean_up` (which old ones go), `rollback`. Must not: be imported by another controller.

Invariants: see `controller`.
"""

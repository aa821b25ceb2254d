"""The statefulset controller: pods with stable names and storage, made, replaced and given up in order.

Belongs here: `controller` (the controller), `revisions` (its writing of history) and `hands` (its writing of pods and
claims), and the pure parts it decides with: `identity` (what a pod of an ordinal is like), `claims` (its storage and
who owns that), `plan` (what to do next), `rollout` (which pods give way to a new template), `status`. Must not: be
imported by another controller.

Invariants: see `controller`.
"""

"""The daemonset controller: a pod of a DaemonSet's template on every node that it fits.

Belongs here: `controller` (the controller), `revisions` (its writing of history), and the pure parts it decides with:
`placement` (which nodes), `pods` (what a pod of a node looks like), `presence` (which pods are missing or too many),
`rollout` (which pods give way to a new template), `amounts`, `status`, `failures` (how long a failed pod stays). Must
not: be imported by another controller.

Invariants: see `controller`.
"""

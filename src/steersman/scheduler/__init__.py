"""Puts pods on nodes: the framework of kube-scheduler, its plugins, its queues.

Belongs here: what a pod asks for, the snapshot of all nodes as columns, the pure cycle that decides, plugins, queues,
and the loop that carries decisions out. Must not: import the API server, the store or a controller; look at a part of
the nodes only; decide anything outside the cycle.

Invariants:
* Every node is looked at, always: plugins answer for all nodes at once, as columns.
* A decision is a function of the snapshot, the pod, the profile and a generator for ties; it carries its reasons.
* A snapshot shows what is bound and what is assumed; nothing else is charged to a node.

Modules: `pod_info`, `snapshot`, `trial` (what nodes would be with other pods), `events`, `framework` (what a plugin
is), `filtering`, `cycle`, `preemption`, `messages`, `plugins/`, `readers` (what plugins know beyond nodes and pods),
`queue`, `nominations`, `placements`, `binding`, `underway`, `evictions`, `outcomes`, `loop`.
"""

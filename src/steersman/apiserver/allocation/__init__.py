"""What Services are given: cluster IPs out of ServiceCIDRs, and ports of the nodes.

Belongs here: choosing, reserving, giving back, and repairing what a crash has left. Not here: what a Service may look
like (`api/core/service*`).

Invariants. An address is taken exactly while an IPAddress object of its name exists: creating that object is the one
step that decides, so several servers of one store never give out the same address. A node port is taken while a Service
in the cache has it, or a write in flight has reserved it; nothing else is remembered, so nothing can leak. A dry run
takes nothing. `ranges`, `ports`, `linked_fields`, `families` and `plan` are pure.
"""

"""General building blocks: event loop helpers, clocks, HTTP, SPDY, WebSocket, logs, metrics.

Belongs here: what any network server could use. Does not belong here: anything that would have to say "Kubernetes";
anything that knows a component. Invariants: imports no other package of steersman; this is the only place that touches
wall time, global random numbers and bare asyncio tasks.
"""

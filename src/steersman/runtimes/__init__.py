"""What runs containers on a node: the seam of the kubelet, and who is behind it.

Belongs here: sandboxes, containers and images as a runtime knows them (`interface`), one module per runtime. Must not:
know the API, or when a container should run, which the kubelet decides.

Invariants:
* A request never waits: what came of it is seen in the records, and the listener is told to look.
* Records are facts: a runtime restarts nothing, and keeps the last and the last but one of every container.
"""

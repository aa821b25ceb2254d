"""Whether nodes are alive, and what follows for them and their pods.

Belongs here: the controller (`controller`), signs of life (`health`), taints and labels that follow from a node's state
(`taints`), and how fast nodes of a zone may be given up (`zones`); all but the controller are pure. Must not: delete
pods, which `taint_eviction` does because of the taints.

Invariants:
* Only what was observed here counts as a sign of life, at the time when it was observed: clocks of nodes do not matter.
* While a cache may be behind, no node is given up.
* When nothing is alive any more, what fails is more likely on our side: then nothing is given up.
"""

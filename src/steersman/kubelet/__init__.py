"""What happens to pods on a node: which container runs when, and what the API is told of it.

Belongs here: the pure rules that every kubelet follows (`admission`, `restarts`, `plan`, `probes`, `phase`,
`subpaths`, `conditions`, `container_status`, `status`, `node_status`), and the kubelets that carry them out (`hollow/`:
thousands of simulated nodes in one process). Must not: import the API server, the store, a controller or the
scheduler; talk to a runtime other than through `runtimes.interface`.

Invariants:
* A pod is deleted only after the API said so, its containers have ended and its last status was written.
* No phase goes back from a terminal one; troubles of images or of the runtime never make a pod fail.
* What is written is computed from what is: a status that was lost is written again by the next look.
"""

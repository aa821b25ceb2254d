"""What kube-controller-manager does: each controller drives one aspect of the cluster from what is to what should be.

Belongs here: one file per controller on the one machinery of `base`, listed in `catalog`; what several of them share
(`pending`, `ownership`). Must not: import another controller, the API server or the store; write through anything but a
`Client`; read or write what its class does not declare; poll.

Invariants:
* A controller decides in a pure `plan` from what caches hold, given `now`; `reconcile` only carries out.
* Work is by key and level-triggered: whatever was missed or done twice, the next round makes it right.
* A write that a stale cache would make wrong carries a precondition (uid, resourceVersion).
"""

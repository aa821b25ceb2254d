"""Which devices a claim gets on a node: dynamic resource allocation with structured parameters. Pure.

Belongs here: what drivers offer (slices, pools), what is taken, what claims and classes ask for, and the search for
devices that satisfy all claims of a pod on one node. Must not: read a cache, write an object, know a plugin.

Invariants:
* The first solution in a fixed order is taken: claims, requests and alternatives as they are written; pools by driver
  and name, those whose devices wait for conditions last; slices by name, devices as they are listed.
* What a search tries is undone; only what is charged to `Allocated` lasts.
* A pool gives no device while it is incomplete or contradicts itself.

Modules: `model` (devices as slices list them), `pools`, `requests`, `selectors`, `expressions` (that these are in),
`capacity`, `constraints`, `wanted` (claims, read), `allocated`, `holdings` (of a search), `search`, `recall` (of what
searches found), `news` (what of that holds no more), `results`; `claims` (of a pod), `conditions` (that bindings wait
for), `extended_resources`, `tracker` (all of it, kept current).
Upstream: k8s.io/dynamic-resource-allocation/structured (the "incubating" allocator, which v1.37 uses by default).
"""

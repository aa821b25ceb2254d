"""How every component talks to the API: over TLS or inside the API server's own process, by one interface.

Belongs here: requests and their answers as values, both ways to send them, typed errors, reflectors and shared
informers, work queues, the recorder of events, leader election. Must not: know what any controller does; import
`apiserver` or `store`, or any component; bypass authentication, authorisation or admission inside a process.

Invariants:
* An object that a cache handed out is read-only for ever; whoever changes one makes a new dict of what it changes.
* A cache never goes back in time, and tells its handlers of every object it holds: what was lost in between is told as
  the difference.
* A key is in the hands of one worker at most, and nothing that was added is forgotten.

Modules, from the wire inwards: `request`, `errors`, `answers`, `transport` (the seam), `http_transport`, `kubeconfig`,
`client` (verbs), `reflector`, `informer`, `workqueue`, `events` and its `event_correlator`, `leader`.
"""

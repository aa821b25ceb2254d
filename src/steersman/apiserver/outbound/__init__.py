"""The API server as a client: kubelets, pods, endpoints of services, webhooks, aggregated API servers.

Belongs here: whom to call (from nodes, services and their endpoints to a Target), what is passed on and what is not,
and the words in which clients are told that it did not work. Must not: speak HTTP (that is lib.http.client), know why
something is called (admission, conversion and aggregation do), decide whether a user may.

Invariants: everything goes through the one HttpClient that the composition root makes; credentials of clients never
leave this server; failures are worded as Go's net/http words them, because clients match on that.
"""

"""API aggregation: group versions that extension API servers answer, and this server passes on.

Belongs here: which group versions APIServices give away, how their servers are reached and told who asks, whether they
can be asked, and what they say of themselves (discovery, OpenAPI), merged into our own documents. Not here: the
condition in an APIService's status (`keepers/api_service_available.py`), the proxy itself (`outbound/`).

Invariants. Requests are authorised before they are passed on. An extension server is told who asks by headers, with the
front proxy's certificate, and never sees what the caller proved it with. What it says of itself is believed about its
own group only. A server that does not answer delays nobody but those who ask it.
"""

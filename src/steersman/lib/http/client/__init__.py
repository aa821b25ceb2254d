"""The outgoing side of HTTP/1.1: requests to servers that may be slow, wrong or gone.

Belongs here: where to connect, what to send, what is accepted as an answer, connections that are used again, open
answers, upgraded connections and what joins two of them. Must not: know any URL, media type or resource of a caller;
follow redirects; read proxies or anything else from the environment; keep cookies.

Invariants:
* Nothing is started before the first request, and `HttpClient.close` ends whatever was.
* A caller that is cancelled, or whose time is up, leaves no connection behind.
* Nothing that callers pass can add a line to a request, and nothing that a peer sends can grow without a limit.
* Only a connection whose last answer was complete and unambiguous is used again.

Modules: `message` (what callers give and get), `errors`, `client` (requests, retries, the pool), `connection` (one
connection), `answer` (what becomes of an answer), `request` (requests as bytes), `dial` (TCP, unix sockets, TLS), `tls`
(contexts), `pipe` (two raw streams joined).
"""

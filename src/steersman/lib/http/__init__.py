"""HTTP/1.1 over TCP and TLS, and HTTP/2 over TLS, on `asyncio.Protocol`.

Belongs here: messages and their limits, the server and its connections, streams, upgrades, TLS contexts that can be
replaced while serving. Must not: know any URL, media type or resource of a caller; authenticate; log requests (callers
wrap their handler).

Invariants:
* A handler that answers synchronously costs no task and one `transport.write`.
* Answers leave a connection of HTTP/1.1 in the order of its requests, whatever the handlers' speed.
* A handler is given the same requests, and may give the same answers, in both versions; only HTTP/1.1 can be left for
  another protocol.
* Everything a peer can make grow has a limit (`server.Limits`); nothing is read that cannot be kept.
* After a message that could be read in two ways the connection is closed, never reused.

Modules: `message` (what callers see), `stream` (open answers), `server` (listening, draining, counters), `protocol`
(one connection of HTTP/1.1), `reader` (its requests), `head` (response heads), `target` (request targets and Host),
`compression`, `timers`, `tls`; `http2/` is what HTTP/2 needs beyond these, `client/` the outgoing side.
"""

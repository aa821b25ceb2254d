"""HTTP/1.1 over TCP and TLS, on `asyncio.Protocol` and httptools.

Belongs here: messages and their limits, the server and its connections, streams, upgrades, TLS contexts that can be
replaced while
serving. Must not: know any URL, media type or resource of a caller; authenticate; log requests (callers wrap their
handler).

Invariants:
* A handler that answers synchronously costs no task and one `transport.write`.
* Answers leave a connection in the order of its requests, whatever the handlers' speed.
* Everything a peer can make grow has a limit (`server.Limits`); nothing is read that cannot be kept.
* After a message that could be read in two ways the connection is closed, never reused.

Modules: `message` (what callers see), `stream` (open answers), `server` (listening, draining, counters), `protocol`
(one connection),
`head` (response heads), `target` (request targets and Host), `compression`, `timers`, `tls`; `client/` is the
outgoing side.
"""

"""HTTP/2 (RFC 9113) for the server: the handler, requests and answers of HTTP/1.1, many at a time on one connection.

Belongs here: frames, HPACK, flow control, the fair division of a connection between its streams, and what protects them
from peers. Must not: differ from HTTP/1.1 in anything that a handler could notice, except that nothing can be upgraded.

Invariants:
* A request that is answered at once has no object of its own beyond `Request`: no task, no stream.
* All that is written in one turn of the loop leaves in one `transport.write`.
* A stream whose peer does not read keeps no other stream waiting, and what waits in it is bounded.
* Whatever a peer may send for nothing (resets, pings, settings, empty frames, window updates) is counted; too much of
  it ends the connection.
* Every header block is decoded, also those of streams that are refused: the state of the compression is shared.

Modules: `frames` (the wire format), `huffman` and `hpack` (header compression), `requests` (from header blocks to
requests), `heads` (header blocks of answers), `sender` (what leaves, and when), `intake` (what
arrives), `exchange` (one stream), `guard` (what is too much), `connection` (serves, and puts the rest together),
`negotiation` (which protocol a connection speaks).
"""

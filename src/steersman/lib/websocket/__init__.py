"""WebSocket (RFC 6455), the server's side, over an upgraded connection.

Belongs here: the handshake that an HTTP request asks for (`handshake`), and messages over the stream that follows it
(`connection`); frames are `websockets`' sans-I/O layer. Must not: know what is in messages, or which sub-protocols
there are.

Invariants: no message is taken that is larger than allowed; nothing is read while nobody asks for a message, so a slow
reader slows its peer; pings are answered while somebody reads.
"""

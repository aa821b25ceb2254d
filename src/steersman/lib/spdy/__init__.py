"""SPDY/3.1: many streams in one connection, with header blocks compressed against a fixed dictionary.

Belongs here: frames to bytes and back without I/O (`frames`, `dictionary`), and the client's end of a connection
(`session`). Must not: know what is sent in streams, or how the connection came to be (an HTTP/1.1 upgrade).

Invariants:
* What a peer can make grow has a limit: control frames, header blocks, what waits in a stream to be read.
* Data is handed on in the pieces in which it arrives; a frame of 16 MiB is never held.
* Windows are not kept: the peers that still speak SPDY (spdystream) neither keep nor update them. A stream that is
  not read stops the whole connection instead, once its buffer is full.
"""

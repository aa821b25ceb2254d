"""resourcepoolstatusrequest: whoever asks about pools of devices is told what is in them, and what is free.

Belongs here: `controller`, what a pool has and who uses it (`pools`), and what follows for partitions and for devices
that are shared (`views`).
"""

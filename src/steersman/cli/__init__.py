"""The `steersman` command: one file per command, listed in `catalog`. Parses arguments, calls `cluster`; decides
nothing.
"""

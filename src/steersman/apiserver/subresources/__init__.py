"""Paths below objects that are no view of them (scale, binding, eviction, token, log, exec), and resources that are
only computed (reviews): one unit per file, found through `catalog`. Views (status) need nothing here: they are update
strategies of `api/`.
"""

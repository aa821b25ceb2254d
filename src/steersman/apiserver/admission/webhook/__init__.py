"""Admission webhooks: which servers are asked about a write, what they are asked, and what becomes of their answers.

One concept per file, two plugins on top: `mutating.py` asks one webhook after the other and applies what they change,
`validating.py` asks all at once. Nothing here polls: configurations are read from the watch cache, and what is compiled
of them is kept until they change. A write that no webhook is for costs a look-up in a dict.
"""

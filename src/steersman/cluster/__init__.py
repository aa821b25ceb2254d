"""The composition root: the one place that knows all components, gives them what they need and owns their lifetimes.

`config` is what a user chose, `wiring` makes the parts, `run` starts and stops them in order, `bootstrap` writes the
objects that a new cluster has, `pki` and `kubeconfig` what it and its clients are known by. No component imports it.
"""

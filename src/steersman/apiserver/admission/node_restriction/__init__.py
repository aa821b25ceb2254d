"""NodeRestriction: what a node's own agent may write.

`plugin.py` is the admission plugin; `node_objects.py` judges what belongs to a node (its Node, lease, CSINode, devices,
certificate requests), `node_pods.py` pods and their claims, `node_tokens.py` what a node asks for in the name of its
pods (tokens and certificates).
"""

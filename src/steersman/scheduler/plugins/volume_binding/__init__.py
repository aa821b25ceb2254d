"""VolumeBinding: pods go where their volumes can be used; volumes are chosen, or made, for the node that a pod gets.

Belongs here: `plugin` (the plugin), and the parts it is made of: `reach` (which nodes something is for, by labels),
`search` (what volumes there are for a pod on every node), `scoring` (how well they are used), `commitment` (what was
chosen is assumed, written, and waited for). Must not: be imported by another plugin; wait, but in `commitment`.
"""

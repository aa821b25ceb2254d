"""DynamicResources: pods that claim devices go where these can be had, and get them.

Belongs here: `plugin` (the plugin), and the parts it is made of: `judgement` (what the claims of a pod mean for a
node), `commitment` (what was decided is written, and waited for). What devices there are and how they are found is
`scheduler.devices`. Must not: be imported by another plugin; wait, but in `commitment`.
"""

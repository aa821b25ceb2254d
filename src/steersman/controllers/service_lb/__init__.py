"""service_lb: Services of type LoadBalancer get their load balancers.

Belongs here: `controller`, what it asks of whoever makes load balancers (`cloud`), what it looks at in services and
nodes (`services`), and the one cloud that needs no other machine: `address_pool`. Must not: know more of a cloud than
`cloud` says.
"""

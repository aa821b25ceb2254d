"""What tests of steersman, and of anything built on it, start from: virtual time, a server process, scenarios.

Public: users' tests may import it. May know every component's command line and the HTTP API; imports no component's
internals except through the composition root, and nothing here is imported by a component.
"""

"""Measured against upstream: lists of what passes, and the programs that find out. No part of the product."""

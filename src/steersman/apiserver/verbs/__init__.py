"""What clients do with resources: one verb per file. A verb knows representations and options, and no resource.

Reads answer from the watch cache; writes go through the pipeline.
"""

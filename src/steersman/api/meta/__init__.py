"""What all API objects have in common: metadata, names, labels, selectors, quantities, times. Pure; knows no single
resource.
"""

"""Every text of an index as a point in the plane: near points are similar texts, regions are named by their words.

`text_map.py` makes, stores and reads a map, `projection.py` finds the positions, `regions.py` the regions and names.
"""

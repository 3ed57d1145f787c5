"""The peers of other packages, each in an environment of its own that ``NAME.txt`` describes.

Whether a peer is asked for the same problem was read in its source and checked: at its tightest
setting its gap, computed by us, is small.
"""

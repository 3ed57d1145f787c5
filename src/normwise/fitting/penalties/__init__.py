"""Penalties beyond the mixes of L1 and L2, one module each, named like the penalty."""

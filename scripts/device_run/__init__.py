"""Faults of a load node's surroundings, against real programs."""

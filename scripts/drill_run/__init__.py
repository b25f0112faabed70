"""`scripts/finality-drill`: finality under faults, on real networks."""

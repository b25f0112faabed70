"""The demo: real validators, real load nodes, one regulation event, one report."""

"""Benchmarks: runs the measuring programs, keeps their figures, and draws them."""

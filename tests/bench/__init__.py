"""Benchmarks: every figure of docs/benchmarks.md, measured on the real parts (`make bench`)."""

"""Benchmarks: the project's way against the ordinary way, interleaved in one run on one machine."""

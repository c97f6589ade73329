"""Writes what students get from the one source: `make handout DIR=...`."""

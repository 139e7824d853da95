"""Entries, canonical bytes, the chain, and its verification."""

"""Capability flags and what happens when one is off."""

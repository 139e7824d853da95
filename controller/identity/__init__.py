"""Accounts, commits and people resolved to principals."""

"""The names of the roles; which groups hold them is policy, decided in Rego."""

ROLES = ("viewer", "developer", "operator", "release_manager", "admin")
"""Every role, each including those before it."""

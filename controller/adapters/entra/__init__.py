"""Entra ID: whom its tokens speak for, and who the people of a tenant are."""

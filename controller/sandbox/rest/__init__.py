"""The REST subset: one module per area of GitHub's API, each a list of routes."""

"""GitHub's JSON for what the sandbox remembers, one module per family of resources.

Every shape is checked in the tests against GitHub's OpenAPI description. Shapes only write; they decide nothing.
"""

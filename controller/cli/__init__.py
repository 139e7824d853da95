"""The `dvo` command."""

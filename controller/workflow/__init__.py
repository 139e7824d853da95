"""Judge a pull request, follow main, roll out, seal, sweep."""

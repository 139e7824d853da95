"""A small GitHub to try DVO on, which is also the tests' server.

A real bare git repository with git over HTTP, the REST subset a controller needs, App tokens, signed webhooks and plain
pages. `Sandbox` runs one; `python -m controller.sandbox` runs it as a process. The production server never imports it.
"""

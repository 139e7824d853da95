"""Policy decisions by OPA: children of our own, a server somewhere else, or both."""

from controller.adapters.opa.servers import OpaServers
from controller.adapters.opa.url import OpaUrl
from controller.adapters.opa.url_first import OpaUrlFirst

__all__ = ["OpaServers", "OpaUrl", "OpaUrlFirst"]

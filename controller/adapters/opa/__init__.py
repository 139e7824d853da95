"""Policy decisions by OPA: children of our own, or a server somewhere else."""

from controller.adapters.opa.servers import OpaServers
from controller.adapters.opa.url import OpaUrl

__all__ = ["OpaServers", "OpaUrl"]

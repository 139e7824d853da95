"""Entra ID and Microsoft Graph, running: two HTTPS servers over one tenant, and who may be trusted for them."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.fakes.entra.authority import Authority
from tests.fakes.entra.graph import Graph
from tests.fakes.entra.https import HttpsServer, serving
from tests.fakes.entra.tenant import App, Tenant
from tests.fakes.entra.tokens import Signer

CLIENT_ID = "11111111-2222-4333-8444-555555555555"
SECRET = "A1b8Q~canary-secret-of-the-stand-in-0123456"
PERMISSIONS = ("User.Read.All", "GroupMember.Read.All", "AuditLog.Read.All")


@dataclass(frozen=True, slots=True)
class EntraStandIn:
    """A tenant that answers, with one application that may read it."""

    tenant: Tenant
    authority: Authority
    graph: Graph
    signer: Signer
    login: HttpsServer
    graph_server: HttpsServer
    ca_file: Path
    """PEM of whom to trust for both servers."""
    certificates: trustme.CA

    @property
    def authority_url(self) -> str:
        """What AZURE_AUTHORITY is set to."""
        return self.login.url

    @property
    def graph_url(self) -> str:
        """What GRAPH_URL is set to."""
        return self.graph_server.url

    @property
    def app(self) -> App:
        """The controller's own registration."""
        return self.tenant.apps[CLIENT_ID]

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a controller in this tenant."""
        return {
            "AZURE_TENANT_ID": self.tenant.id,
            "AZURE_CLIENT_ID": CLIENT_ID,
            "AZURE_CLIENT_SECRET": SECRET,
            "AZURE_AUTHORITY": self.authority_url,
            "GRAPH_URL": self.graph_url,
            # Both of the HTTP libraries that talk to Microsoft have a variable of their own.
            "SSL_CERT_FILE": str(self.ca_file),
            "REQUESTS_CA_BUNDLE": str(self.ca_file),
        }

    def client_context(self) -> ssl.SSLContext:
        """Return a context that trusts both servers."""
        return ssl.create_default_context(cafile=str(self.ca_file))


@contextmanager
def entra(folder: Path) -> Iterator[EntraStandIn]:
    """Run a tenant; `folder` gets the certificate of its authority."""
    certificates = trustme.CA()
    ca_file = folder / "entra-ca.pem"
    certificates.cert_pem.write_to_path(ca_file)
    tenant = Tenant()
    signer = Signer(tenant, "")
    authority = Authority(tenant, signer)
    graph = Graph(tenant, signer)
    tenant.add_app(App(CLIENT_ID, secret=SECRET, roles=PERMISSIONS))
    with serving(authority.answer, certificates) as login, serving(graph.answer, certificates) as graph_server:
        signer.authority_url, graph.url = login.url, graph_server.url
        yield EntraStandIn(tenant, authority, graph, signer, login, graph_server, ca_file, certificates)

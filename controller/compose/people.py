"""The directory a controller asks: a file, or Entra ID with the file beside it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import httpx
import structlog

from controller.adapters.directory_file import FileDirectory
from controller.adapters.entra.credentials import ClientCredentials, MachineIdentity, Registration, Tokens
from controller.adapters.entra.directory import EntraDirectory, Links
from controller.adapters.entra.graph import Graph, new_client
from controller.adapters.entra.reading import Attributes
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.external_identities import GitHubExternalIdentities
from controller.errors import ConfigurationError, UnavailableError
from controller.identity.directory_file import read_links
from controller.identity.tenant import wanted_groups
from controller.settings import Settings

_IDENTITIES = {"members": "read", "organization_administration": "read"}
_LOG = structlog.get_logger("controller")


def open_directory(settings: Settings, stack: ExitStack) -> FileDirectory | EntraDirectory:
    """Return the directory, asked once; `stack` closes it.

    Raises `ConfigurationError` for what the operator must mend. An Entra ID that does not answer is
    no reason not to start: nobody is known until it does.
    """
    directory = directory_of(settings, stack)
    try:
        directory.load()
    except UnavailableError as error:
        _LOG.warning("nobody is known yet", error=str(error))
    return directory


@contextmanager
def loaded(settings: Settings) -> Iterator[FileDirectory | EntraDirectory]:
    """Give the directory, asked once. Raises `ConfigurationError`, and `UnavailableError` when it does not answer."""
    with ExitStack() as stack:
        directory = directory_of(settings, stack)
        directory.load()
        yield directory


def directory_of(settings: Settings, stack: ExitStack) -> FileDirectory | EntraDirectory:
    """Return the directory, not asked yet; `stack` closes it."""
    if settings.azure_tenant_id is not None:
        return _entra(settings, stack)
    if settings.directory_file is None:
        raise ConfigurationError("DVO_DIRECTORY_FILE: is missing; nobody is known without it or Entra ID (AZURE_*)")
    return FileDirectory(settings.directory_file)


def directory_word(directory: FileDirectory | EntraDirectory) -> Callable[[], str]:
    """Return the probe of Entra ID, which asks what changed if that was not asked just now."""

    def probe() -> str:
        if not isinstance(directory, EntraDirectory):
            return "not configured"
        directory.revision()
        return "configured"

    return probe


def _entra(settings: Settings, stack: ExitStack) -> EntraDirectory:
    http = new_client()
    graph = Graph(settings.graph_url, _tokens(settings, http), http)
    stack.callback(graph.close)
    attributes = Attributes(settings.entra_github_id, settings.entra_github_login)
    links = Links(attributes)
    if settings.directory_file is not None:
        file = FileDirectory(settings.directory_file, read_links)
        links = replace(links, file=file.current, load=file.load)
    if settings.github_external_identities:
        links = replace(links, external=_external(settings, stack))
    return EntraDirectory(graph, wanted_groups(settings.entra_groups), links)


def _external(settings: Settings, stack: ExitStack) -> GitHubExternalIdentities:
    """Return who asks GitHub about identities, with a token that can do nothing else."""
    key = settings.github_app_private_key.get_secret_value()
    app = GitHubApp(settings.github_api_url, settings.github_app_id, key, settings.repository, permissions=_IDENTITIES)
    stack.callback(app.close)
    return GitHubExternalIdentities(app)


def registration_of(settings: Settings) -> Registration | None:
    """Return the controller's registration in a tenant; None unless a secret or a certificate proves it."""
    secret, certificate = settings.azure_client_secret, settings.azure_client_certificate
    if settings.azure_tenant_id is None or settings.azure_client_id is None or secret is certificate is None:
        return None
    return Registration(
        settings.azure_authority,
        settings.azure_tenant_id,
        settings.azure_client_id,
        None if secret is None else secret.get_secret_value(),
        None if certificate is None else certificate.get_secret_value(),
    )


def _tokens(settings: Settings, http: httpx.Client) -> Tokens:
    registration = registration_of(settings)
    if settings.azure_managed_identity or registration is None:
        return MachineIdentity(settings.azure_client_id)
    return ClientCredentials(registration, http)

"""What the App asks for and what it was granted, as GitHub tells the App itself.

Follows GitHub docs "Get the authenticated app" and "Get a repository installation for the
authenticated app". Neither needs a permission, so they answer where everything else fails.
"""

from controller.adapters.github.answer import at, items, text
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.refusals import unavailable
from controller.change.app_setup import AppSetup, Granted
from controller.errors import ConfigurationError, InputError


def read_app_setup(app: GitHubApp) -> AppSetup:
    """Return how the App is set up.

    Raises `ConfigurationError` when it is not installed on the repository, else as any call of `app`.
    """
    asks = app.ask_as_app("GET", "/app", None)
    try:
        has = app.ask_as_app("GET", app.path("/installation"), None)
    except InputError as error:
        raise ConfigurationError(f"the App is not installed on {app.repository}: {error}") from None
    return AppSetup(text(asks, "name"), _granted(asks), _granted(has))


def _granted(answer: object) -> Granted:
    permissions = at(answer, "permissions")
    if not isinstance(permissions, dict):
        raise unavailable("GitHub's answer about the App makes no sense: expected its permissions by name")
    events = items(answer, "events")
    return Granted(
        {str(name): str(level) for name, level in permissions.items()}, frozenset(str(event) for event in events)
    )

"""What `dvo doctor` examines at GitHub and of who people are: the App, its bot, the owners, the branch.

Each check asks GitHub itself and writes nothing. What is wrong is decided by the core; a check
returns what it saw or raises one of our errors with a sentence for each thing to mend.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from controller.adapters.directory_file import FileDirectory
from controller.adapters.entra.directory import EntraDirectory
from controller.adapters.github.app_setup import read_app_setup
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.facts import account_of
from controller.adapters.github.owners import team_standing
from controller.adapters.github.protection import ADMINISTRATION, read_protection
from controller.adapters.github.reading import GitHubReader
from controller.approval.ownership import account_owner, owners_to_resolve
from controller.change.app_setup import PERMISSIONS, queue_shortcomings, shortcomings
from controller.change.facts import Account, AccountKind
from controller.change.names import RepoPath, login
from controller.change.protection import REQUIRED_CHECKS, unseen, weaknesses
from controller.compose.people import loaded
from controller.compose.seen import Check, Seen
from controller.errors import ConfigurationError
from controller.identity.directory_file import NOBODY, read_links
from controller.identity.principal import PrincipalKind
from controller.ownership.codeowners import CodeOwners, codeowners_of
from controller.ownership.owner import EmailOwner, TeamOwner, UserOwner
from controller.ownership.standing import ignored_owners, named_owners
from controller.settings import Settings

_BRANCH = "main"
_REPORT = "who has MFA is what Entra ID's registration report says: set up and allowed, not used at every sign-in"

_NAMED = (
    "groups are known by name, which whoever may make groups in the tenant could give to theirs while yours is not "
    'there: look at the ids and set DVO_ENTRA_GROUPS="{}"'
)


class UnprotectedError(ConfigurationError):
    """The governed branch can be changed without being judged."""

    advice = "An administrator of the repository mends that in its settings; then run `dvo doctor` again."


class UnfitAppError(ConfigurationError):
    """The App may not do, or does not hear, what the controller needs."""

    advice = "Whoever owns the App mends that; then run `dvo doctor` again."


class UnknownBotError(ConfigurationError):
    """The directory does not say that the App's bot is one, so nobody can approve what it proposes."""

    advice = "Add the line to the people of DVO_DIRECTORY_FILE; it is read at every look."


class ContestedError(ConfigurationError):
    """Accounts, addresses or logins lead to several people, and so to nobody."""

    advice = "Let each be said of one person only, in Entra ID or in the directory file; it counts at the next look."


class UnfitOwnersError(ConfigurationError):
    """Some of CODEOWNERS counts for nobody."""

    advice = "Until that is mended nobody can approve for them; CODEOWNERS itself changes by a pull request."


def github_checks(settings: Settings) -> Iterator[tuple[str, Check]]:
    """Yield what can be examined at GitHub."""
    yield "app", lambda: _setup(settings)
    yield "github", lambda: _github(settings)
    yield "bot", lambda: _bot(settings)
    yield "owners", lambda: _owners(settings)
    if settings.azure_tenant_id is not None:
        yield "identities", lambda: _identities(settings)
    yield "protection", lambda: _protection(settings)


def directory(settings: Settings) -> str | Seen:
    """Ask the directory. Raises `ConfigurationError` when it cannot be read or believed, `UnavailableError`."""
    with loaded(settings) as found:
        if isinstance(found, EntraDirectory):
            seen, pinned = found.examine(), found.pinned_groups()
            return Seen(seen, _REPORT if pinned is None else f"{_REPORT}; {_NAMED.format(pinned)}")
    return f"{settings.directory_file} names its people"


def _setup(settings: Settings) -> str:
    with closing(app_of(settings)) as app:
        found = shortcomings(read_app_setup(app))
    if found:
        raise UnfitAppError("\n".join(found))
    return "the App has every permission and hears of every event it needs"


def _github(settings: Settings) -> str:
    with closing(app_of(settings)) as app:
        app.get(app.path(""))
        return f"the App is {app.installation.bot_login} on {settings.repository}, and may work there"


def _bot(settings: Settings) -> str:
    with closing(app_of(settings)) as app:
        bot = account_of(app.get(f"/users/{quote(app.installation.bot_login, safe='')}"))
    if bot is None:
        raise ConfigurationError("GitHub knows no account of the App's bot")
    with loaded(settings) as found:
        person = found.look_up(frozenset({bot}), frozenset()).of_account(bot)
    if person is None:
        raise UnknownBotError(f"the directory does not list the App's bot. Its line is {_line_of(bot)}")
    if person.kind is not PrincipalKind.BOT:
        raise UnknownBotError(f"the directory lists the App's bot as a {person.kind}. Its line is {_line_of(bot)}")
    return f"the directory lists {bot.login} as a bot"


def _line_of(bot: Account) -> str:
    address = f"{bot.id}+{bot.login}@users.noreply.github.com"
    return f'`- {{login: "{bot.login}", github_id: {bot.id}, emails: ["{address}"], kind: bot}}`.'


def _owners(settings: Settings) -> str:
    with (
        closing(app_of(settings)) as app,
        tempfile.TemporaryDirectory(prefix="dvo-doctor-") as folder,
    ):
        reader = GitHubReader(app, Path(folder))
        codeowners = _codeowners(reader)
        named = frozenset(named_owners(codeowners))
        teams = {owner: team_standing(app, owner) for owner in named if isinstance(owner, TeamOwner)}
        emails = frozenset(owner.address for owner in named if isinstance(owner, EmailOwner))
        with loaded(settings) as people_known:
            people = people_known.look_up(frozenset(), emails)
        powerless = {
            owner
            for owner in named
            if not isinstance(owner, TeamOwner) and reader.writer(account_owner(owner, people)) is None
        }
    found = [*map(str, codeowners.problems), *ignored_owners(codeowners, teams, powerless)]
    if found:
        raise UnfitOwnersError("\n".join(found))
    return f"{codeowners.path}: all of {len(named)} owners can be seen and may write, {len(teams)} of them teams"


def _identities(settings: Settings) -> str:
    """Look up everybody who owns anything, and whom the directory file names: do the links agree on who they are?"""
    with (
        closing(app_of(settings)) as app,
        tempfile.TemporaryDirectory(prefix="dvo-doctor-") as folder,
        loaded(settings) as directory,
    ):
        reader = GitHubReader(app, Path(folder))
        asked = owners_to_resolve({RepoPath(""): tuple(named_owners(_codeowners(reader)))})
        owners = [reader.writer(UserOwner(name)) for name in asked.logins]
        owners += [account for team in asked.teams for account in reader.team_members(team)]
        listed = (
            NOBODY if settings.directory_file is None else FileDirectory(settings.directory_file, read_links).current()
        )
        accounts = {Account(id_, login(who.login), AccountKind.USER) for id_, who in listed.by_id.items()}
        people = directory.look_up(
            frozenset(accounts | {account for account in owners if account is not None}),
            asked.emails | listed.by_email.keys(),
            asked.logins | listed.by_login.keys(),
        )
    if people.contested:
        raise ContestedError("\n".join(map(str, people.contested)))
    return f"each of {len(people.known)} people, owners and those of the directory file, is one person by every link"


def _codeowners(reader: GitHubReader) -> CodeOwners:
    tip = reader.compare(_BRANCH, _BRANCH).head
    snapshot = reader.snapshot(tip.sha, tip.tree)
    wanted = {entry.blob for path, entry in snapshot.entries.items() if path.endswith("CODEOWNERS")}
    return codeowners_of(snapshot, reader.contents(frozenset(wanted)))


def _protection(settings: Settings) -> Seen:
    with (
        closing(app_of(settings)) as app,
        closing(app_of(settings, ADMINISTRATION)) as administering,
    ):
        protection = read_protection(app, administering, _BRANCH)
        queued = queue_shortcomings(read_app_setup(app)) if protection.rules.queue is not None else ()
    open_questions = "; ".join(unseen(protection)) or None
    found = (*weaknesses(protection, settings.github_app_id), *queued)
    if found:
        raise UnprotectedError("\n".join((*found, *([open_questions] if open_questions else []))))
    return Seen(f"{_BRANCH} takes only what {' and '.join(REQUIRED_CHECKS)} of this App let through", open_questions)


def app_of(settings: Settings, permissions: Mapping[str, str] = PERMISSIONS) -> GitHubApp:
    """Return the App, with no more than `permissions`; to be closed."""
    key = settings.github_app_private_key.get_secret_value()
    return GitHubApp(settings.github_api_url, settings.github_app_id, key, settings.repository, permissions=permissions)

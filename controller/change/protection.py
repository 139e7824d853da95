"""Whether a branch's protection holds what is decided about it: what is missing, and what can be gone around.

Follows GitHub docs "About protected branches" and "Available rules for rulesets". Both kinds apply
at once and the stricter one wins, so a thing is held when either holds it; only where rulesets
leave something open does it matter who can go around classic protection. Who can go around a
ruleset is told to nobody but its administrators: `unseen` says what is left for a person to read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

REQUIRED_CHECKS = ("dvo/policy", "dvo/approval")
"""The checks without which nothing may be merged."""

_NEW = (
    "Under Settings > Rules > Rulesets make a branch ruleset for it: require a pull request, require the status"
    f" checks {' and '.join(REQUIRED_CHECKS)} from this App, block force pushes, restrict deletions."
)


@dataclass(frozen=True, slots=True)
class RequiredCheck:
    """A check that must be green; `app_id` None accepts it from anybody who can write one."""

    name: str
    app_id: int | None


@dataclass(frozen=True, slots=True)
class ClassicProtection:
    """What Settings > Branches asks of a branch."""

    checks: tuple[RequiredCheck, ...]
    requires_pull_request: bool
    binds_admins: bool
    bypassers: tuple[str, ...]
    """Who may push without a pull request."""
    allows_force_pushes: bool
    allows_deletion: bool


@dataclass(frozen=True, slots=True)
class HiddenProtection:
    """Classic protection of which only the checks could be read, and why no more."""

    checks: tuple[RequiredCheck, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class QueueRule:
    """That merging goes through a merge queue, and how it groups."""

    checks_every_entry: bool
    """Whether each entry's own checks must be green, and not those of the last of a group alone."""
    timeout_minutes: int
    """After how long without an answer an entry's checks count as failed."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What active rulesets, of the repository or of its organization, ask of a branch."""

    checks: tuple[RequiredCheck, ...] = ()
    requires_pull_request: bool = False
    blocks_force_pushes: bool = False
    restricts_deletion: bool = False
    rulesets: tuple[str, ...] = ()
    """Where these rules come from."""
    queue: QueueRule | None = None


@dataclass(frozen=True, slots=True)
class Protection:
    """Everything that could be read of what protects a branch."""

    branch: str
    classic: ClassicProtection | HiddenProtection | None
    rules: Rules


def weaknesses(protection: Protection, app_id: int) -> tuple[str, ...]:
    """Return what lets an undecided commit onto the branch, each with what to do; our checks are `app_id`'s."""
    if protection.classic is None and protection.rules == Rules():
        return (f"{protection.branch} is not protected: whoever may write can push past every check. {_NEW}",)
    return (*_missing(protection, app_id), *_bypassable(protection, app_id), *_in_queue(protection))


def unseen(protection: Protection) -> tuple[str, ...]:
    """Return what could not be read and a person has to look at."""
    found = []
    if isinstance(protection.classic, HiddenProtection):
        found.append(
            "who can go around the branch protection, and whether it allows direct pushes, force pushes and deletion,"
            f" was not read: {protection.classic.reason}. Grant the App the permission `Administration: read`, which"
            " only this examination asks for, or look under Settings > Branches."
        )
    if protection.rules.rulesets:
        found.append(
            f"who is on the bypass list of {' and '.join(protection.rules.rulesets)} is not told to an App:"
            " look under Settings > Rules > Rulesets that nobody is."
        )
    if protection.classic is not None:
        found.append(
            "whether classic protection merges through a merge queue is told to no App: look under Settings > Branches"
            " that `Require merge queue` is off, or has `Only merge non-failing pull requests` ticked."
        )
    if protection.rules.queue is not None:
        found.append(
            f"{protection.branch} has a merge queue, which takes out what has no answer of our checks after"
            f" {protection.rules.queue.timeout_minutes} minutes: leave time enough for a look."
        )
    return tuple(found)


def _missing(protection: Protection, app_id: int) -> Iterator[str]:
    branch, classic, rules = protection.branch, protection.classic, protection.rules
    # What is hidden is told as unseen; it is not known to be missing.
    seen = None if isinstance(classic, HiddenProtection) else classic
    is_known = seen is classic
    if is_known and not (rules.requires_pull_request or (seen and seen.requires_pull_request)):
        yield f"{branch} takes direct pushes. Tick `Require a pull request before merging`."
    checks = rules.checks + (classic.checks if classic else ())
    for name in REQUIRED_CHECKS:
        yield from _check(name, [check for check in checks if check.name == name], app_id)
    if is_known and not (rules.blocks_force_pushes or (seen and not seen.allows_force_pushes)):
        yield f"{branch} can be rewritten by a force push. Untick `Allow force pushes`, or `Block force pushes`."
    if is_known and not (rules.restricts_deletion or (seen and not seen.allows_deletion)):
        yield f"{branch} can be deleted and made anew. Untick `Allow deletions`, or `Restrict deletions`."


def _check(name: str, required: list[RequiredCheck], app_id: int) -> Iterator[str]:
    if not required:
        yield (
            f"{name} is not required. Under `Require status checks to pass` add {name}, with this App ({app_id})"
            " as its source."
        )
    for other in sorted({check.app_id for check in required if check.app_id not in (None, app_id)}, key=str):
        yield (
            f"{name} is expected from the App {other}, and it is the App {app_id} that writes it."
            " Remove it and add it again with this App as its source."
        )
    if {check.app_id for check in required} == {None}:
        yield (
            f"{name} is accepted from any source, so whoever may write a check or a status can make it green."
            f" Choose this App ({app_id}) as its source."
        )


def _in_queue(protection: Protection) -> Iterator[str]:
    queue = protection.rules.queue
    if queue is not None and not queue.checks_every_entry:
        yield (
            f"the merge queue of {protection.branch} merges entries whose own checks are not green, when the last of"
            " their group is. Tick `Require all queue entries to pass required checks` in its merge queue rule."
        )


def _bypassable(protection: Protection, app_id: int) -> Iterator[str]:
    classic = protection.classic
    by_rules = Protection(protection.branch, None, protection.rules)
    if not isinstance(classic, ClassicProtection) or not any(_missing(by_rules, app_id)):
        return
    if not classic.binds_admins:
        yield (
            f"administrators can go around the protection of {protection.branch}."
            " Tick `Do not allow bypassing the above settings`."
        )
    if classic.bypassers and not protection.rules.requires_pull_request:
        yield (
            f"{', '.join(classic.bypassers)} may push to {protection.branch} without a pull request."
            " Empty the list under `Allow specified actors to bypass required pull requests`."
        )

"""Do what people ask for by a comment, a button of a check, or a re-run.

A webhook only marks a key that names the pull request and the comment or the account; the
comment is read again from the code host, its author led to a person by the directory, and
that person's permission asked of the policies. What is granted is one event, from which the
pull request's next look shows what was wanted; whoever may not gets nothing.
"""

from collections.abc import Mapping
from datetime import timedelta

from controller.change.facts import Account
from controller.change.names import CommitSha
from controller.decision.command import Command, command_of
from controller.errors import InputError
from controller.identity.principal import Principal, PrincipalKind
from controller.ledger.event import EventType
from controller.ports.code_host import CodeHostWriter, ConversationReader, Reaction
from controller.ports.directory import Directory
from controller.ports.journal import Mark
from controller.workflow.authorizing import Authorizing, Entry, Granted
from controller.workflow.chronicle import Chronicle
from controller.workflow.progress import progress_of
from controller.workflow.wishes import AGAIN, effect_of_now

_OLDEST = timedelta(hours=1)
_ANSWERS = frozenset({EventType.AUTHZ_GRANTED, EventType.AUTHZ_DENIED})


class Commands:
    """Carries out what people ask for."""

    def __init__(
        self,
        conversation: ConversationReader,
        writer: CodeHostWriter,
        directory: Directory,
        authorizing: Authorizing,
        chronicle: Chronicle,
    ) -> None:
        """Read comments from `conversation`, react through `writer`, ask `directory` and `authorizing`."""
        self._conversation = conversation
        self._writer = writer
        self._directory = directory
        self._authorizing = authorizing
        self._chronicle = chronicle

    def look_at_comment(self, pull: int, comment: int) -> None:
        """Carry out the command that `comment` is, once; do nothing for anything else. Raises `UnavailableError`."""
        try:
            said = self._conversation.comment(comment)
        except InputError:
            return  # it is gone
        command = command_of(said) if said.number == pull and said.is_on_pull_request else None
        if command is None or said.author is None or self._is_answered(pull, comment):
            return
        person = self._person(said.author)
        answer = self._asked(pull, command, person, "comment", {"comment": comment})
        if isinstance(answer, Granted):
            self._writer.react(comment, Reaction.DONE)
        elif person is not None:
            self._writer.react(comment, Reaction.CONFUSED)

    def look_for_unanswered(self) -> None:
        """Mark the commands of the last hour or two that nobody answered, as when their webhook was lost.

        Since a full hour, so that the code host is asked the same question again. Raises `UnavailableError`.
        """
        since = (self._chronicle.now() - _OLDEST).replace(minute=0, second=0, microsecond=0)
        lost = [
            Mark(f"comment/{said.number}/{said.id}")
            for said in self._conversation.comments_since(since)
            if said.is_on_pull_request and command_of(said) and not self._is_answered(said.number, said.id)
        ]
        if lost:
            self._chronicle.record((), lost)

    def press(self, pull: int, identifier: str, account: int) -> None:
        """Carry out the button `identifier` that the account with this id pressed.

        Raises `InputError` for a button there is none of, `UnavailableError` when somebody cannot be asked.
        """
        if identifier not in list(Command):
            raise InputError(f"expected a button of ours, got {identifier[:40]!a}")
        known = self._conversation.account(account)
        person = None if known is None else self._person(known)
        self._asked(pull, Command(identifier), person, "button", {"account": account})

    def run_again(self, pull: int) -> None:
        """Have both checks of a pull request written anew: the code host shows them as waiting until they are."""
        details = {"door": "re-run", "asks": AGAIN, "effect": effect_of_now(self._chronicle.history, pull)}
        self._again(f"pull/{pull}", details, Mark(f"pull/{pull}"))

    def run_merge_again(self, merge: CommitSha) -> None:
        """Have the check of a merge written anew; a commit that is no merge of ours has none."""
        if self._chronicle.history.initiated(merge) is not None:
            self._again(f"merge/{merge}", {"door": "re-run", "asks": AGAIN, "effect": None}, progress_of(merge))

    def _again(self, subject: str, details: Mapping[str, object], mark: Mark) -> None:
        self._chronicle.record((self._chronicle.event(EventType.AUTHZ_GRANTED, subject, details),), (mark,))

    def _asked(
        self, pull: int, command: Command, person: Principal | None, door: str, origin: Mapping[str, object]
    ) -> object:
        details = {"asks": command.value, "effect": effect_of_now(self._chronicle.history, pull), **origin}
        entry = Entry(door, f"pull/{pull}", details, (Mark(f"pull/{pull}"),))
        return self._authorizing.may(person, command.permission, entry)

    def _person(self, account: Account) -> Principal | None:
        found = self._directory.look_up(frozenset({account}), frozenset()).of_account(account)
        return found if found is not None and found.kind is PrincipalKind.PERSON else None

    def _is_answered(self, pull: int, comment: int) -> bool:
        answers = self._chronicle.history.all_of(_ANSWERS, f"pull/{pull}")
        return any(event.details.get("comment") == comment for event in answers)

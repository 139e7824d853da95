"""Comments and accounts as GitHub tells them, and reactions as it takes them."""

from datetime import timedelta

import pytest

from controller.adapters.github.conversation import GitHubConversation
from controller.change.facts import AccountKind
from controller.errors import InputError
from controller.ports.code_host import Reaction
from tests.adapters.github.conftest import SandboxStage
from tests.contracts.code_host import MANIFEST


@pytest.fixture
def number(stage: SandboxStage) -> int:
    stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
    return stage.open("topic", "dana")


@pytest.fixture
def conversation(stage: SandboxStage) -> GitHubConversation:
    return GitHubConversation(stage.app)


def test_a_comment_is_told_with_its_place_and_author(
    stage: SandboxStage, conversation: GitHubConversation, number: int
) -> None:
    comment = stage.person("olga").comment(number, "/dvo recheck")
    said = conversation.comment(comment)
    assert (said.id, said.number, said.is_on_pull_request) == (comment, number, True)
    assert (said.author, said.body) == (stage.account("olga"), "/dvo recheck")
    assert (said.is_edited, said.is_by_app) == (False, False)


def test_what_was_said_since_a_time_is_told_wherever_it_stands(
    stage: SandboxStage, conversation: GitHubConversation, number: int
) -> None:
    made = [stage.person("olga").comment(number, f"/dvo help {each}") for each in range(130)]
    then = stage.sandbox.world.now()
    found = conversation.comments_since(then - timedelta(hours=1))
    assert [comment.id for comment in found] == made
    assert found[0] == conversation.comment(made[0])
    assert conversation.comments_since(then + timedelta(hours=1)) == ()


def test_an_edited_comment_says_so(stage: SandboxStage, conversation: GitHubConversation, number: int) -> None:
    comment = stage.person("olga").comment(number, "Fine")
    later = stage.sandbox.world.now() + timedelta(seconds=5)
    stage.sandbox.world.clock = lambda: later
    stage.person("olga").call("PATCH", f"/issues/comments/{comment}", {"body": "/dvo recheck"})
    assert conversation.comment(comment).is_edited


def test_a_comment_on_an_issue_is_on_no_pull_request(stage: SandboxStage, conversation: GitHubConversation) -> None:
    issue = stage.person("olga").call("POST", "/issues", {"title": "Access"})["number"]
    assert isinstance(issue, int)
    assert not conversation.comment(stage.person("olga").comment(issue, "/dvo help")).is_on_pull_request


def test_our_own_comment_is_an_apps(stage: SandboxStage, conversation: GitHubConversation, number: int) -> None:
    """ATTACKS 121."""
    stage.writer.write_comment(number, "A word")
    [ours] = stage.sandbox.world.repository("acme", "agents").comments
    said = conversation.comment(ours)
    assert said.is_by_app
    assert said.author is not None
    assert said.author.kind is AccountKind.BOT


def test_what_does_not_exist_is_told_so(conversation: GitHubConversation) -> None:
    with pytest.raises(InputError):
        conversation.comment(4711)
    assert conversation.account(4711) is None


def test_an_account_is_told_by_its_id(stage: SandboxStage, conversation: GitHubConversation) -> None:
    assert conversation.account(1002) == stage.account("olga")


def test_a_reaction_stands_once_and_one_to_nothing_is_nothing(stage: SandboxStage, number: int) -> None:
    comment = stage.person("olga").comment(number, "/dvo recheck")
    for _ in range(2):
        stage.writer.react(comment, Reaction.DONE)
    stage.writer.react(4711, Reaction.DONE)
    standing = stage.sandbox.world.repository("acme", "agents").comments[comment].reactions
    assert [(each.content, each.account.kind) for each in standing] == [("+1", "Bot")]

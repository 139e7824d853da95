"""What follows from earlier comparisons is what GitHub would say, or is asked for."""

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.adapters.github.comparing import compared
from controller.adapters.github.comparisons import moved
from controller.change.names import CommitSha
from controller.ports.code_host import Comparison
from tests.adapters.github.conftest import SandboxStage
from tests.adapters.github.test_comparing import COMPARE
from tests.contracts.code_host import MANIFEST
from tests.fakes.code_host import FakeCodeHost

GRAPH = st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=2, unique=True), min_size=3, max_size=14)


def graph(parents: list[list[int]]) -> tuple[FakeCodeHost, list[CommitSha]]:
    """Return a host with a commit for each of `parents`, which names commits before it."""
    host = FakeCodeHost()
    who = host.authorship(host.person("dana", id=1))
    made = [host.tip("main")]
    for named in parents:
        chosen = tuple(dict.fromkeys(made[each % len(made)] for each in named))
        made.append(host.commit({f"file-{len(made)}": "x"}, parents=chosen, who=who).sha)
    return host, made


@settings(max_examples=400)
@given(GRAPH, st.tuples(*[st.integers(0, 30)] * 3))
def test_what_follows_is_what_the_whole_history_says(parents: list[list[int]], chosen: tuple[int, int, int]) -> None:
    """In any history, of one line or with merges, whatever was merged into what."""
    host, made = graph(parents)
    old, new, head = (made[each % len(made)] for each in chosen)
    followed = moved(host.compare(old, head), host.compare(old, new))
    assert followed in (None, host.compare(new, head))


def test_a_usual_pull_request_follows_and_a_stacked_or_merged_one_does_not() -> None:
    host, (root, _, topic, main, stacked, updated, _, woven) = graph([[0], [1], [1], [2], [2, 3], [1], [2, 6]])
    first = host.objects.commits[topic].parents[0]
    step = host.compare(first, main)
    usual = moved(host.compare(first, topic), step)
    assert usual == host.compare(main, topic)
    assert usual is not None
    assert usual.behind_by == 1
    assert moved(host.compare(first, stacked), host.compare(first, topic)) is None
    assert moved(host.compare(first, updated), step) is None
    assert moved(host.compare(first, woven), step) is None
    assert moved(host.compare(first, topic), host.compare(topic, main)) is None
    assert moved(host.compare(first, topic), host.compare(first, root)) is None


def test_a_moved_base_costs_one_comparison_however_many_heads_there_are(stage: SandboxStage) -> None:
    heads = [stage.push(f"topic-{each}", {f"{MANIFEST}-{each}": b"version: 1\n"}, "dana") for each in range(5)]
    before = {head: stage.reader.compare("main", head) for head in heads}
    for number in range(3):
        stage.push("main", {"README.md": f"{number}\n".encode()}, "olga")
        stage.sandbox.faults.reset_counts()
        found = {head: stage.reader.compare("main", head) for head in heads}
        assert stage.sandbox.faults.counts().by_route[COMPARE] == 1
        assert {head: asked(stage, head) for head in heads} == found
    assert all(found[head].commits == before[head].commits for head in heads)
    assert all(found[head].behind_by == before[head].behind_by + 3 for head in heads)


def test_a_head_that_came_to_main_is_asked_for(stage: SandboxStage) -> None:
    head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
    number = stage.open("topic", "dana")
    stage.reader.compare("main", head)
    stage.merge(number, "olga", "merge")
    assert stage.reader.compare("main", head) == asked(stage, head)
    assert stage.reader.compare("main", head).commits == ()


def asked(stage: SandboxStage, head: CommitSha) -> Comparison:
    """Return what the host says when it is asked by somebody who remembers nothing."""
    return compared(stage.app, "main", head)

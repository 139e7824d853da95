"""Each path of the repository means one thing, and nothing is skipped in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.change.names import RepoPath
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.desired_state.paths import (
    AgentPath,
    EnvironmentPath,
    GovernancePath,
    ManifestPath,
    OtherPath,
    PolicyPath,
    WrongPath,
    classify,
    colliding,
    is_controlled,
)


def test_a_manifest_names_its_environment_and_agent() -> None:
    assert classify(RepoPath("environments/eu-west/anl.yaml")) == ManifestPath(
        Key(EnvironmentName("eu-west"), AgentCode("ANL"))
    )


def test_an_environment_has_a_file_of_its_own() -> None:
    assert classify(RepoPath("environments/qa/environment.yaml")) == EnvironmentPath(EnvironmentName("qa"))


def test_a_file_of_an_agent_is_known_by_its_path_inside() -> None:
    assert classify(RepoPath("agents/anl/kb/deep/Facts_v1.0.txt")) == AgentPath(
        AgentCode("ANL"), "kb/deep/Facts_v1.0.txt"
    )


@pytest.mark.parametrize("path", ["policies/rego/a.rego", "policies/README.md", "policies/rego/with space.json"])
def test_everything_under_policies_is_policy(path: str) -> None:
    assert classify(RepoPath(path)) == PolicyPath()


@pytest.mark.parametrize(
    "path",
    ["CODEOWNERS", "docs/CODEOWNERS", ".github/CODEOWNERS", ".github/workflows/ci.yml", ".github/dependabot.yml"],
)
def test_what_steers_the_code_host_is_governance(path: str) -> None:
    assert classify(RepoPath(path)) == GovernancePath()


@pytest.mark.parametrize(
    "path",
    [
        *(
            "README.md",
            "docs/index.md",
            "src/environments/prod/a.yaml",
            "x/environments/prod/anl.yaml",
            "environment.yaml",
        ),
        *("environments/README.md", "agents/README.md", "docs", "my-agents/a", "\u65e5\u672c/x", "\udcff\udcfe"),
    ],
)
def test_the_rest_is_not_controlled(path: str) -> None:
    """ATTACKS 095: patterns hold for the whole path."""
    assert classify(RepoPath(path)) == OtherPath()
    assert not is_controlled(RepoPath(path))


WRONG = {
    "other-extension": "environments/production/anl.yml",
    "json": "environments/production/anl.json",
    "no-extension": "environments/production/anl",
    "two-extensions": "environments/production/anl.yaml.bak",
    "dot-in-name": "environments/production/a.b.yaml",
    "double-dot": "environments/production/..yaml",
    "parent": "environments/production/../x.yaml",
    "dotfile": "environments/production/.anl.yaml",
    "nested": "environments/production/eu/anl.yaml",
    "no-environment": "environments/anl.yaml",
    "empty-name": "environments//anl.yaml",
    "line-feed": "environments/production/anl.yaml\n",
    "line-feed-in-environment": "environments/production\n/anl.yaml",
    "upper-case-environment": "environments/Production/anl.yaml",
    "upper-case-agent": "environments/production/ANL.yaml",
    "upper-case-extension": "environments/production/anl.YAML",
    "readme-inside": "environments/production/README.md",
    "cyrillic-a": "environments/p\u0430yments/anl.yaml",
    "full-width": "environments/production/\uff41nl.yaml",
    "accent-composed": "environments/production/\u00e4nl.yaml",
    "accent-decomposed": "environments/production/a\u0308nl.yaml",
    "dotless-i": "environments/production/a\u0131b.yaml",
    "long-s": "environments/production/a\u017fb.yaml",
    "too-long": "environments/production/" + "a" * 17 + ".yaml",
    "root-is-a-file": "environments",
    "agents-is-a-file": "agents",
    "policies-is-a-file": "policies",
    "github-is-a-file": ".github",
    "root-upper": "ENVIRONMENTS/production/anl.yaml",
    "root-title": "Environments/production/anl.yaml",
    "root-cyrillic": "envir\u043enments/production/anl.yaml",
    "root-accent": "environme\u0301nts/production/anl.yaml",
    "root-full-width": "\uff45nvironments/production/anl.yaml",
    "root-zero-width": "environ\u200bments/production/anl.yaml",
    "root-trailing-space": "environments /production/anl.yaml",
    "root-trailing-dot": "environments./production/anl.yaml",
    "agents-upper": "Agents/anl/agent.yaml",
    "policies-upper": "Policies/rego/a.rego",
    "github-upper": ".GitHub/workflows/x.yml",
    "codeowners-lower": "codeowners",
    "codeowners-in-upper-docs": "Docs/CODEOWNERS",
    "codeowners-cyrillic": "C\u041eDEOWNERS",
    "agent-directly": "agents/anl.yaml",
    "agent-upper": "agents/ANL/agent.yaml",
    "agent-environment": "agents/environment/agent.yaml",
    "agent-dotfile": "agents/anl/.env",
    "agent-hidden-folder": "agents/anl/.git/config",
    "agent-parent": "agents/anl/../orc/agent.yaml",
    "agent-space": "agents/anl/kb/with space.md",
    "agent-non-ascii": "agents/anl/kb/caf\u00e9.md",
    "agent-empty-segment": "agents/anl//agent.yaml",
    "agent-trailing-dot": "agents/anl/kb./a.md",
    "agent-too-deep": "agents/anl/" + "d/" * 12 + "a.md",
    "agent-not-utf-8": "agents/anl/\udcff.md",
    "policy-right-to-left": "policies/rego/\u202eoger.a",
    "policy-tab": "policies/rego/a\t.rego",
    "workflow-escape": ".github/workflows/\x1b[2J.yml",
}


@pytest.mark.parametrize("path", WRONG.values(), ids=WRONG)
def test_what_only_resembles_a_controlled_path_is_wrong(path: str) -> None:
    """ATTACKS 005, 092, 093, 095, 097."""
    place = classify(RepoPath(path))
    assert isinstance(place, WrongPath)
    assert place.message.isascii()
    assert place.message.isprintable()
    assert place.remedy
    assert is_controlled(RepoPath(path))


@given(st.text(st.characters(), max_size=40))
def test_any_path_at_all_has_a_meaning(path: str) -> None:
    classify(RepoPath(path))
    classify(RepoPath(f"environments/{path}"))
    classify(RepoPath(f"agents/{path}"))


@given(st.text(st.sampled_from("aB1-._/\u0430\u200b\n y"), max_size=12))
def test_nothing_below_a_controlled_folder_is_left_out(rest: str) -> None:
    """ATTACKS 097."""
    for root in ("environments", "agents", "policies", ".github"):
        if rest != "README.md":
            assert is_controlled(RepoPath(f"{root}/{rest}"))


def test_names_that_differ_in_case_alone_collide_at_any_depth() -> None:
    """ATTACKS 092, 093."""
    paths = ["agents/anl/KB/a.md", "agents/anl/kb/a.md", "agents/anl/kb/B.md", "agents/anl/kb/b.md", "policies/x"]
    assert list(colliding(map(RepoPath, paths))) == [
        ("agents/anl/kb/B.md", "agents/anl/KB"),
        ("agents/anl/kb/a.md", "agents/anl/KB"),
        ("agents/anl/kb/b.md", "agents/anl/KB"),
    ]


def test_names_that_differ_in_normal_form_alone_collide() -> None:
    twins = [RepoPath("policies/caf\u00e9"), RepoPath("policies/cafe\u0301")]
    assert list(colliding(twins)) == [(twins[0], twins[1])]


def test_distinct_names_do_not_collide() -> None:
    assert list(colliding([RepoPath("a/b"), RepoPath("a/c"), RepoPath("b/b")])) == []

"""Manifests from bytes: accepted whole, or every fault at its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.desired_state.manifest import Autoscaling, Manifest, Model, Platform, RolloutStrategy
from controller.desired_state.problem import Problem
from controller.desired_state.reading import read_environment, read_manifest
from controller.errors import InputError
from tests.core.desired_state.making import ENVIRONMENT, MANIFEST, manifest

DIGEST = "sha256:" + "0a" * 32
FULL = f"""\
# yaml-language-server: $schema=../../schemas/agent-deployment.json
apiVersion: dvo/v1
kind: AgentDeployment
agent: ANL
version: 7.0.2
digest: {DIGEST}
platform: langchain
autoscaling: {{min: 2, max: 10}}
regions: [eastus, westeurope]
model:
  provider: azure_openai
  name: gpt-4o
  temperature: 0.1
variables: {{LOG_LEVEL: INFO, GREETING: "Gr\u00fc\u00dfe"}}
secrets: {{OPENAI_API_KEY: "keyvault://dvo-prod/openai-key"}}
rollout: {{strategy: canary, health_timeout_seconds: 60, auto_rollback: false}}
"""


def accepted(text: str) -> Manifest:
    reading = read_manifest(MANIFEST, text.encode())
    assert reading.problems == ()
    assert reading.accepted is not None
    return reading.accepted


def problems(text: str) -> tuple[Problem, ...]:
    reading = read_manifest(MANIFEST, text.encode())
    assert reading.accepted is None
    assert reading.problems == tuple(sorted(reading.problems))
    for problem in reading.problems:
        assert problem.message.isascii()
        assert problem.message.isprintable()
        assert problem.remedy
    return reading.problems


def only(text: str) -> Problem:
    (problem,) = problems(text)
    return problem


def test_a_full_manifest_is_read_into_its_type() -> None:
    found = accepted(FULL)
    assert str(found.key) == "development/ANL"
    assert found.path == MANIFEST
    assert (found.version, found.digest, found.platform) == ("7.0.2", DIGEST, Platform.LANGCHAIN)
    assert found.replicas == Autoscaling(2, 10)
    assert found.regions == ("eastus", "westeurope")
    assert found.model == Model("azure_openai", "gpt-4o", 0.1)
    assert found.variables == {"LOG_LEVEL": "INFO", "GREETING": "Gr\u00fc\u00dfe"}
    assert found.secrets == {"OPENAI_API_KEY": "keyvault://dvo-prod/openai-key"}
    assert found.rollout.strategy is RolloutStrategy.CANARY
    assert (found.rollout.health_timeout_seconds, found.rollout.auto_rollback) == (60, False)


def test_every_field_has_its_line() -> None:
    lines = accepted(FULL).lines
    assert lines["agent"] == 4
    assert lines["digest"] == 6
    assert lines["autoscaling.max"] == 8
    assert lines["regions.1"] == 9
    assert lines["model"] == 10
    assert lines["model.name"] == 12
    assert lines["variables.LOG_LEVEL"] == 14
    assert lines["rollout.strategy"] == 16


def test_what_is_left_out_has_its_default() -> None:
    found = accepted(manifest())
    assert (found.digest, found.model, found.regions, found.variables, found.secrets) == (None, None, (), {}, {})
    assert found.replicas == 1
    assert found.rollout.strategy is RolloutStrategy.ALL_AT_ONCE
    assert (found.rollout.health_timeout_seconds, found.rollout.auto_rollback) == (120, True)


def test_a_temperature_may_be_a_whole_number_and_be_left_out() -> None:
    assert accepted(manifest(model="{provider: openai, name: gpt-4o, temperature: 1}")).model == Model(
        "openai", "gpt-4o", 1
    )
    assert accepted(manifest(model="{provider: openai, name: gpt-4o}")).model == Model("openai", "gpt-4o", 0)


FAULTS = {
    "api-version": ({"apiVersion": None}, "`apiVersion` is missing"),
    "agent-missing": ({"agent": None}, "`agent` is missing"),
    "agent-lower": (
        {"agent": "anl"},
        "`agent`: expected an agent code of 2 to 16 upper-case letters and digits, got 'anl'",
    ),
    "agent-other": ({"agent": "GHA"}, "`agent`: expected ANL as the file's name says, got GHA"),
    "agent-number": ({"agent": "12"}, "`agent`: expected text, got a number"),
    "version-number": ({"version": "1.10"}, "`version`: expected text, got a number"),
    "version-prefix": ({"version": "v1.2.3"}, "`version`: expected a semantic version such as 1.2.3, got 'v1.2.3'"),
    "version-zero": ({"version": "1.02.3"}, "`version`: expected a semantic version such as 1.2.3, got '1.02.3'"),
    "version-line-feed": (
        {"version": '"1.2.3\\n"'},
        r"`version`: expected a semantic version such as 1.2.3, got '1.2.3\n'",
    ),
    "version-bool": ({"version": "true"}, "`version`: expected text, got true or false"),
    "version-list": ({"version": "[1.0.0]"}, "`version`: expected text, got a list"),
    "version-null": ({"version": "null"}, "`version`: expected text, got null"),
    "digest-short": (
        {"digest": "sha256:00"},
        "`digest`: expected `sha256:` and 64 lower-case hexadecimal digits, got 'sha256:00'",
    ),
    "digest-null": ({"digest": "null"}, "`digest` is null"),
    "platform": (
        {"platform": "mainframe"},
        "`platform`: expected 'langchain', 'fastapi', 'copilot_studio' or 'azure_functions', got 'mainframe'",
    ),
    "replicas-zero": ({"replicas": "0"}, "`replicas`: expected at least 1, got 0"),
    "replicas-many": ({"replicas": "1001"}, "`replicas`: expected at most 1000, got 1001"),
    "replicas-text": ({"replicas": '"2"'}, "`replicas`: expected a whole number, got '2'"),
    "replicas-float": ({"replicas": "2.0"}, "`replicas`: expected a whole number, got 2.0"),
    "replicas-bool": ({"replicas": "true"}, "`replicas`: expected a whole number, got true"),
    "replicas-null": ({"replicas": "null"}, "`replicas` is null"),
    "replicas-none": ({"replicas": None}, "neither `replicas` nor `autoscaling` is given"),
    "both": ({"autoscaling": "{min: 1, max: 2}"}, "both `replicas` and `autoscaling` are given"),
    "bounds": (
        {"replicas": None, "autoscaling": "{min: 3, max: 2}"},
        "`autoscaling`: expected `min` not above `max`",
    ),
    "bound-missing": ({"replicas": None, "autoscaling": "{min: 3}"}, "`autoscaling.max` is missing"),
    "bounds-list": (
        {"replicas": None, "autoscaling": "[1, 2]"},
        "`autoscaling`: expected a mapping of keys, got a list",
    ),
    "regions-empty": ({"regions": "[]"}, "`regions`: expected at least 1"),
    "regions-text": ({"regions": "eastus"}, "`regions`: expected a list, got 'eastus'"),
    "regions-twice": ({"regions": "[a, b, a]"}, "`regions`: expected each item once"),
    "region-upper": (
        {"regions": "[eastus, EU]"},
        "`regions.1`: expected a region of lower-case letters, digits and inner hyphens, got 'EU'",
    ),
    "model-key": (
        {"model": "{provider: a, name: b, temprature: 1}"},
        "unknown key `model.temprature`; did you mean `temperature`?",
    ),
    "model-hot": (
        {"model": "{provider: a, name: b, temperature: 2.1}"},
        "`model.temperature`: expected at most 2.0, got 2.1",
    ),
    "model-text": ({"model": "gpt-4o"}, "`model`: expected a mapping of keys, got 'gpt-4o'"),
    "model-null": ({"model": "null"}, "`model` is null"),
    "unknown-key": ({"aproval_required": "true"}, "unknown key `aproval_required`"),
    "misspelt-key": ({"replica": "3"}, "unknown key `replica`; did you mean `replicas`?"),
    "variable-number": ({"variables": "{PORT: 80}"}, "`variables.PORT`: expected text, got a number"),
    "variable-name": (
        {"variables": "{log-level: x}"},
        "the key `variables.log-level`: expected a name of upper-case letters, digits and underscores",
    ),
    "variables-list": ({"variables": "[A]"}, "`variables`: expected a mapping of keys, got a list"),
    "password": ({"variables": "{DB_PASSWORD: hunter2}"}, "`variables.DB_PASSWORD` holds what looks like a secret"),
    "opaque": (
        {"variables": "{SIGNING_KEY: " + "c0ffee1234567890" * 2 + "}"},
        "`variables.SIGNING_KEY` holds what looks like a secret",
    ),
    "in-both": (
        {"variables": "{A: b}", "secrets": '{A: "keyvault://vault/name"}'},
        "`variables.A` is also under `secrets`",
    ),
    "secret-value": (
        {"secrets": "{A: swordfish}"},
        "`secrets.A`: expected a reference `keyvault://vault/name`, never the secret itself",
    ),
    "secret-elsewhere": (
        {"secrets": '{A: "keyvault://v/n/../x"}'},
        "`secrets.A`: expected a reference `keyvault://vault/name`, never the secret itself",
    ),
    "secret-line-feed": (
        {"secrets": '{A: "keyvault://vault/name\\n"}'},
        "`secrets.A`: expected a reference `keyvault://vault/name`, never the secret itself",
    ),
    "rollout-strategy": (
        {"rollout": "{strategy: yolo}"},
        "`rollout.strategy`: expected 'all_at_once' or 'canary', got 'yolo'",
    ),
    "rollout-timeout": (
        {"rollout": "{health_timeout_seconds: 0}"},
        "`rollout.health_timeout_seconds`: expected at least 1, got 0",
    ),
    "rollout-text": (
        {"rollout": '{auto_rollback: "true"}'},
        "`rollout.auto_rollback`: expected true or false, got 'true'",
    ),
}


@pytest.mark.parametrize(("lines", "message"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_told_once(lines: dict[str, str | None], message: str) -> None:
    """ATTACKS 124, 128."""
    text = manifest(**lines)
    if lines.get("apiVersion", "") is None:
        text = text.replace("apiVersion: dvo/v1\n", "")
    assert only(text).message == message


@pytest.mark.parametrize("value", ["no", "on", "012", "0x1F", "1:30", "1e5", ".inf", "2026-01-01", "~", ""])
@pytest.mark.parametrize("key", ["agent", "version", "replicas", "digest", "platform"])
def test_no_field_converts_what_readers_read_differently(key: str, value: str) -> None:
    """ATTACKS 124, 125."""
    assert only(manifest(**{key: value})).message.startswith(f"`{key}`: ")


def test_text_that_looks_like_something_else_is_fine_in_quotes() -> None:
    """ATTACKS 124."""
    found = accepted(manifest(variables="{A: 'no', B: \"012\", C: '1:30', D: '2026-01-01', E: '1.10', F: ''}"))
    assert found.variables == {"A": "no", "B": "012", "C": "1:30", "D": "2026-01-01", "E": "1.10", "F": ""}


def test_every_fault_is_told_at_once_and_at_its_line() -> None:
    text = manifest(agent="GHA", version="1.10", replicas="no", regions="[EU]", modell="x", variables="{PORT: 80}")
    assert [problem.line for problem in problems(text)] == [3, 4, 6, 7, 8, 9]


def test_a_flood_of_faults_is_cut_and_counted() -> None:
    """ATTACKS 129."""
    text = manifest() + "".join(f"unknown{number}: 1\n" for number in range(4000))
    assert problems(text)[-1].message == "3950 more faults are not listed"
    assert len(problems(text)) == 51


def test_a_document_of_no_use_has_only_its_own_problem() -> None:
    assert only("- a\n").message == "expected a mapping of keys at the top"
    assert only("").message == "the document is empty"


@pytest.mark.parametrize("character", ["\u202e", "\u200b", "\U000e0041", "\ufe0f"])
@pytest.mark.parametrize("key", ["agent", "version", "platform", "digest"])
def test_a_hidden_character_in_a_field_is_the_one_fault_of_the_field(key: str, character: str) -> None:
    """ATTACKS 005."""
    assert f"in `{key}`" in only(manifest(**{key: f"A{character}B"})).message


def test_no_message_repeats_what_may_be_secret() -> None:
    """ATTACKS 099."""
    value = "correct-horse-battery-staple"
    text = manifest(variables=f"{{DB_PASSWORD: {value}, x: {value}}}", secrets=f"{{A: {value}, B: 0{'7' * 20}}}")
    assert all(value not in str(problem) + problem.remedy and "7777" not in str(problem) for problem in problems(text))


def test_a_path_of_another_kind_is_the_callers_mistake() -> None:
    with pytest.raises(InputError, match="path of a manifest"):
        read_manifest(ENVIRONMENT, b"")
    with pytest.raises(InputError, match="path of an environment"):
        read_environment(MANIFEST, b"")


@given(
    st.permutations(manifest(regions="[a, b]", model="{provider: p, name: m}", variables="{A: x, B: z}").splitlines())
)
def test_the_order_of_keys_and_comments_say_nothing(lines: list[str]) -> None:
    from controller.desired_state.plan import Plan
    from tests.core.desired_state.making import release

    found = accepted("# a comment\n" + "   # and another\n\n".join(f"{line}\n" for line in lines))
    plain = accepted(
        manifest(
            regions="\n  - a\n  - b", model="{name: 'm', provider: \"p\", temperature: 0.0}", variables="{B: z, A: x}"
        )
    )
    one, other = (Plan(made, release(), made.platform, made.replicas, made.regions).digest for made in (found, plain))
    assert one == other


SCALARS = [
    "ANL",
    "1.0.0",
    "no",
    "~",
    "[]",
    "{}",
    "[a, a]",
    "{A: b}",
    "{min: 1}",
    "1",
    "-1",
    "0.5",
    "'x'",
    "*a",
    "&a b",
    "!!x y",
]
FIELDS = ["apiVersion", "kind", "agent", "version", "digest", "platform", "replicas", "autoscaling", "regions", "model"]
FIELDS += ["variables", "secrets", "rollout", "freeze_windows", "tier", "drift", "platforms", "time_zone", "[key]", "?"]
VALUES = st.sampled_from(SCALARS) | st.builds("{{{}: {}}}".format, st.sampled_from(FIELDS), st.sampled_from(SCALARS))


@given(st.lists(st.tuples(st.sampled_from(FIELDS), VALUES), max_size=8))
def test_any_shape_gives_a_manifest_or_problems(pairs: list[tuple[str, str]]) -> None:
    content = "".join(f"{key}: {value}\n" for key, value in pairs).encode()
    for reading in (read_manifest(MANIFEST, content), read_environment(ENVIRONMENT, content)):
        assert (reading.accepted is None) == bool(reading.problems)

"""A bundle is every policy file that judges, and its digest names exactly those."""

from itertools import permutations

import pytest

from controller.policy.bundle import place_of, policy_bundle

FILES = {"decision.rego": b"package dvo", "rules/a.rego": b"package dvo.rules.a", "dvo/parameters/data.yaml": b"{}"}


def test_a_bundle_holds_every_file_that_judges() -> None:
    assert policy_bundle(FILES).files == FILES


@pytest.mark.parametrize("path", ["decision_test.rego", "rules/a_test.rego", "tests/hostile.rego", "tests/data.yaml"])
def test_tests_do_not_judge(path: str) -> None:
    assert policy_bundle({**FILES, path: b"package dvo_test"}) == policy_bundle(FILES)


@pytest.mark.parametrize("path", FILES)
def test_every_file_that_judges_is_in_the_digest(path: str) -> None:
    """ATTACKS 087: another policy is another revision."""
    digests = {
        policy_bundle(files).digest
        for files in (
            FILES,
            {**FILES, path: FILES[path] + b" "},
            {name: content for name, content in FILES.items() if name != path},
            {("x" + name if name == path else name): content for name, content in FILES.items()},
        )
    }
    assert len(digests) == 4


def test_the_order_of_the_files_does_not_matter() -> None:
    assert len({policy_bundle(dict(order)).digest for order in permutations(FILES.items())}) == 1


def test_no_files_are_a_bundle_too() -> None:
    """ATTACKS 080: it answers nothing, and that is refused where it is asked."""
    assert policy_bundle({}).files == {}


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ("do not compile: policies/rego/company/a.rego:16: unsafe", ("policies/rego/company/a.rego", 16)),
        ("(policies/rego/a.rego:3); (policies/rego/b.rego:4)", ("policies/rego/a.rego", 3)),
        ("it is undefined", ("policies/rego", 1)),
    ],
)
def test_the_first_place_a_message_names_is_found(message: str, place: tuple[str, int]) -> None:
    assert place_of(message) == place

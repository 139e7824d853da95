"""An upgrade takes what is new where the company left the old, and names what it changed."""

import json

import pytest

from controller.errors import InputError
from controller.policy.library import RECORD, is_as_it_came, record, upgrade, version

A, B, C = "policies/rego/a.rego", "policies/rego/b.rego", "policies/rego/c.rego"
OWN = "policies/rego/company/own.rego"
OLD = {A: b"1", B: b"1", OWN: b"1"}


def installed() -> dict[str, bytes]:
    return {**OLD, RECORD: record(OLD)}


def test_a_new_file_and_a_new_version_are_written() -> None:
    new = {A: b"2", B: b"1", C: b"1"}
    planned = upgrade(installed(), new)
    assert dict(planned.written) == {A: b"2", C: b"1", RECORD: record(new)}
    assert (planned.removed, planned.kept, planned.version) == ((), (), version(new))


def test_a_file_that_is_gone_is_removed_unless_the_company_changed_it() -> None:
    assert upgrade(installed(), {A: b"1"}).removed == (B,)
    planned = upgrade({**installed(), B: b"mine"}, {A: b"1"})
    assert (planned.removed, planned.kept) == ((), (B,))


def test_what_the_company_changed_stays_and_is_named_when_the_new_version_changes_it_too() -> None:
    planned = upgrade({**installed(), A: b"mine"}, {A: b"2", B: b"1"})
    assert (A in planned.written, planned.kept) == (False, (A,))
    assert upgrade({**installed(), A: b"mine"}, {A: b"1", B: b"1"}).kept == ()


def test_what_the_company_removed_stays_away() -> None:
    planned = upgrade({B: b"1", RECORD: record(OLD)}, {A: b"2", B: b"1"})
    assert (A in planned.written, planned.kept) == (False, (A,))


def test_a_file_of_the_companys_own_that_the_library_now_brings_stays() -> None:
    assert upgrade({**installed(), C: b"mine"}, {A: b"1", B: b"1", C: b"1"}).kept == (C,)


def test_the_rules_are_as_they_came_whatever_its_parameters_and_the_companys_own_are() -> None:
    data = "policies/rego/dvo/parameters/data.yaml"
    came = {**OLD, data: b"1"}
    present = {**came, RECORD: record(came)}
    assert is_as_it_came(present)
    assert is_as_it_came({**present, data: b"2", OWN: b"2", "policies/rego/company/new.rego": b"1"})


@pytest.mark.parametrize("change", [{A: b"2"}, {C: b"1"}, {A: None}, {RECORD: None}])
def test_one_rule_more_fewer_or_other_and_they_are_not(change: dict[str, bytes | None]) -> None:
    present = {path: content for path, content in {**installed(), **change}.items() if content is not None}
    assert not is_as_it_came(present)


def test_the_companys_folder_is_never_touched() -> None:
    planned = upgrade(installed(), {A: b"1", B: b"1", OWN: b"2"})
    assert (planned.written, planned.removed, planned.kept) == ({}, (), ())


def test_the_same_version_changes_nothing() -> None:
    assert upgrade(installed(), {A: b"1", B: b"1"}).written == {}


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"[]",
        b"{}",
        b'{"schema": "dvo.policy-library/1", "files": []}',
        b'{"schema": "dvo.policy-library/1", "files": {"a": 1}}',
        b'{"schema": "other/1", "files": {}}',
    ],
)
def test_a_record_that_is_missing_or_of_another_form_is_refused(content: bytes | None) -> None:
    present = {A: b"1"} if content is None else {A: b"1", RECORD: content}
    with pytest.raises(InputError, match=RECORD):
        upgrade(present, {A: b"2"})


def test_the_record_says_what_came() -> None:
    told = json.loads(record(OLD))
    assert sorted(told["files"]) == [A, B]
    assert told["version"] == version({A: b"1", B: b"1"})

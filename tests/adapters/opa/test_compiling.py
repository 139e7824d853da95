"""A bundle compiles only without whatever reaches outside, and its faults are told at their place."""

import json
import subprocess
from pathlib import Path

import pytest

from controller.adapters.opa import OpaServers
from controller.adapters.opa.compiling import OpaCompiler, restricted
from controller.errors import PolicyError, UnavailableError
from controller.policy.bundle import PolicyBundle, policy_bundle
from tests.adapters.opa.conftest import EMPTY_ANSWER, answering, rego


@pytest.mark.parametrize(
    "call",
    [
        'http.send({"method": "get", "url": "http://127.0.0.1/"})',
        'net.lookup_ip_addr("example.com")',
        'net.cidr_expand("127.0.0.0/8")',
        "opa.runtime()",
        "time.now_ns()",
        'rand.intn("x", 10)',
        'uuid.rfc4122("x")',
        'uuid.parse("x")',
        'io.jwt.decode_verify("x", {})',
        'json.match_schema({}, {"$ref": "http://127.0.0.1/"})',
        'json.verify_schema({"$ref": "http://127.0.0.1/"})',
    ],
)
def test_what_reaches_outside_does_not_compile(servers: OpaServers, call: str) -> None:
    """ATTACKS 083."""
    bundle = rego(f"reached := {call}\n\ndecision := {EMPTY_ANSWER}")
    name = call.partition("(")[0]
    with pytest.raises(
        PolicyError, match=rf"policies/rego/decision\.rego:3: rego_type_error: undefined function {name}"
    ):
        servers.decide(bundle, {})


@pytest.mark.parametrize(
    "outside", ["system.authz", "system", "other", "data"], ids=["authorization", "system", "other", "data"]
)
def test_a_bundle_cannot_speak_outside_of_its_roots(servers: OpaServers, outside: str) -> None:
    """ATTACKS 087: a policy must not decide who may ask."""
    bundle = policy_bundle({"x.rego": f"package {outside}\n\ndefault allow := true\n".encode()})
    with pytest.raises(PolicyError, match=f"do not permit 'package {outside}'"):
        servers.decide(bundle, {})


def test_a_bundle_cannot_bring_a_manifest_or_a_plan_of_its_own(opa: Path, tmp_path: Path) -> None:
    own = {".manifest": b'{"revision": "mine", "roots": [""]}', ".signatures.json": b"{}", "plan.json": b"{}"}
    bundle = policy_bundle({**answering().files, **own})
    archive = OpaCompiler(opa).build(bundle, tmp_path)
    listed = subprocess.run([opa, "inspect", "--format", "json", archive], capture_output=True, check=True)
    assert json.loads(listed.stdout)["manifest"] == {
        "revision": bundle.digest,
        "roots": ["dvo", "company"],
        "rego_version": 1,
    }


@pytest.mark.parametrize(
    "path",
    [
        *("../x.rego", "/x.rego", "a/../../x.rego", "a b.rego", "é.rego", "a\n.rego", ".rego/x.rego"),
        *(f"{'a' * 300}.rego", f"{'a' * 300}/x.rego", f"{'a/' * 3000}x.rego"),
    ],
)
def test_a_file_with_an_odd_name_is_refused(servers: OpaServers, path: str) -> None:
    """ATTACKS 095."""
    bundle = policy_bundle({path: b"package dvo\n"})
    with pytest.raises(PolicyError, match="expected plain names of policy files"):
        servers.decide(bundle, {})
    assert servers.check(bundle)[0].message.startswith("expected plain names of policy files")


def test_a_disk_that_takes_no_policies_is_an_outage(opa: Path, tmp_path: Path) -> None:
    (tmp_path / "policies").write_text("a file where a folder is to be")
    with pytest.raises(UnavailableError, match="the policies cannot be laid out: Not a directory"):
        OpaCompiler(opa).lay_out(answering(), tmp_path)


def test_the_default_rules_compile_strictly(servers: OpaServers, library: PolicyBundle) -> None:
    assert servers.check(library) == ()


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"a.rego": b"package dvo\n\nx if {\n"}, "policies/rego/a.rego:4:1: rego_parse_error: unexpected eof token"),
        (
            {"r/a.rego": b"package dvo\n\nx := y\n"},
            "policies/rego/r/a.rego:3:6: rego_unsafe_var_error: var y is unsafe",
        ),
        (
            {"a.rego": b"package dvo\n\nimport data.x\n"},
            "policies/rego/a.rego:3:1: rego_compile_error: import data.x unused",
        ),
        (
            {"dvo/data.yaml": b"a: ["},
            "policies/rego/dvo/data.yaml:1:1: bundle policies/rego/: bundle load failed on policies/rego/dvo/data.yaml",
        ),
        ({"other/data.json": b"{}"}, "policies/rego/:1:1: bundle policies/rego/: manifest roots"),
    ],
    ids=["syntax", "variable", "strict", "data", "roots"],
)
def test_a_fault_is_told_at_its_place(servers: OpaServers, files: dict[str, bytes], fault: str) -> None:
    (problem,) = servers.check(policy_bundle(files))
    assert str(problem).startswith(fault)
    assert problem.remedy


def test_every_fault_is_told(servers: OpaServers) -> None:
    files = {f"{name}.rego": f"package dvo.{name}\n\nx := y\n".encode() for name in "abcdefghijklmnop"}
    assert len(servers.check(policy_bundle(files))) == 16


def test_capabilities_of_another_form_are_refused() -> None:
    with pytest.raises(TypeError, match="expected a list of builtins"):
        restricted({"builtins": {}})


@pytest.mark.parametrize("says", ["[]", "nothing", '{"builtins": [{}]}', '{"builtins": 1}'])
def test_an_opa_that_does_not_tell_its_capabilities_builds_nothing(tmp_path: Path, says: str) -> None:
    script = tmp_path / "opa"
    script.write_text(f"#!/bin/sh\necho '{says}'\n")
    script.chmod(0o755)
    with pytest.raises(UnavailableError, match="does not tell its capabilities"):
        OpaCompiler(script).build(answering(), tmp_path)


def test_a_check_that_ends_in_nonsense_is_a_problem(opa: Path, tmp_path: Path) -> None:
    script = tmp_path / "opa"
    script.write_text(f'#!/bin/sh\n[ "$1" = check ] && {{ echo "panic: \033[1m"; exit 2; }}\nexec {opa} "$@"\n')
    script.chmod(0o755)
    (problem,) = OpaCompiler(script).check(answering(), tmp_path)
    assert str(problem) == "policies/rego/:1:1: panic: ?[1m"

"""Rego that loops, takes all memory or calls out is refused, and hurts nobody else who is asked."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from controller.adapters.opa import OpaServers
from controller.adapters.opa.compiling import OpaCompiler
from controller.errors import PolicyError, UnavailableError
from controller.policy.bundle import PolicyBundle, policy_bundle
from tests.adapters.opa.conftest import answering, is_running, rego

MEMORY = 300 << 20


def growing(call: str, steps: int) -> str:
    """Return rules of which each makes a text twice as long as the one before."""
    rules = ['s0 := "0123456789abcdef"', *(f"s{n + 1} := {call.replace('S', f's{n}')}" for n in range(steps))]
    return "\n\n".join([*rules, f"decision := s{steps}"])


def times(letters: str, count: int) -> str:
    return f'concat("", ["{letters}" | some _ in numbers.range(1, {count})])'


COMBINED = "\n".join(f"\tsome {letter} in numbers.range(1, 100)" for letter in "abcdef")
NEVER_ENDS = {
    "a loop in a loop": (
        "decision if {\n\tevery x in numbers.range(1, 100000) {\n"
        "\t\tevery y in numbers.range(1, 100000) { x + y > 0 }\n\t}\n}"
    ),
    "every combination": f"decision := count([[a, b, c, d, e, f] |\n{COMBINED}\n\t1 == 2\n])",
    "every path of a graph": (
        "graphs := {x: numbers.range(1, 22) | some x in numbers.range(1, 22)}\n\n"
        "decision := count(graph.reachable_paths(graphs, [1]))"
    ),
    "a pattern that is tried every way": f"decision if glob.match({times('*a', 40)}, null, {times('a', 400)})",
    "a number squared forty times": "\n\n".join(
        ["n0 := 123456789123456789", *(f"n{n + 1} := n{n} * n{n}" for n in range(40)), "decision := n40"]
    ),
    "a template of loops": (
        'decision := strings.render_template("{{range .a}}{{range $.a}}{{range $.a}}{{range $.a}}'
        '{{end}}{{end}}{{end}}{{end}}", {"a": numbers.range(1, 1000)})'
    ),
}
TAKES_ALL = {
    "a huge range": "decision := count(numbers.range(1, 2000000000))",
    "a huge set": "decision := count({x | some x in numbers.range(1, 2000000000)})",
    "a text doubled by sprintf": growing('sprintf("%s%s", [S, S])', 36),
    "a text doubled by concat": growing('concat("", [S, S])', 36),
    "a text put into a text": f'decision := replace({times("a", 100000)}, "a", {times("b", 100000)})',
    "a number of a hundred billion bits": "decision := bits.lsh(1, 100000000000)",
}
FAILS = {
    "a number beyond all bounds": ('decision := floor(to_number("1e999999999"))', "value out of range"),
    "an expression that explodes": (
        f'decision if regex.match({times("((((a{9}){9}){9})*)*", 5000)}, "a")',
        "too large",
    ),
    "aliases of aliases": (
        "decision := yaml.unmarshal(`"
        + "\n".join(
            f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]" for a, b in zip(" abcdefg", "abcdefgh", strict=True)
        ).replace("* ", "x")
        + "`)",
        "excessive aliasing",
    ),
}
DOES_NOT_COMPILE = {
    "a rule of itself": ("decision := decision", "recursi"),
    "a function of itself": ("f(x) := f(x - 1)\n\ndecision := f(3)", "recursi"),
    "rules of each other": ("a := data.dvo.b\n\nb := data.dvo.a\n\ndecision := a", "recursi"),
    "a rule named by the question": ("decision := data.dvo[input.x]", "recursi"),
    "arrays in arrays": (f"decision := {'[' * 200000}{']' * 200000}", "do not compile"),
    "a call over HTTP": ('decision := http.send({"method": "get", "url": "http://HERE"})', "http.send"),
    "a schema from elsewhere": ('decision := json.match_schema({}, {"$ref": "http://HERE/"})', "json.match_schema"),
    "a schema verified elsewhere": ('decision := json.verify_schema({"$ref": "http://HERE/"})', "json.verify_schema"),
    "a name looked up": ('decision := net.lookup_ip_addr("localhost")', "net.lookup_ip_addr"),
    "all addresses": ('decision := count(net.cidr_expand("0.0.0.0/0"))', "net.cidr_expand"),
    "the environment": ("decision := opa.runtime().env", "opa.runtime"),
    "the clock": ("decision := time.now_ns()", "time.now_ns"),
    "chance": ('decision := rand.intn("x", 3)', "rand.intn"),
    "a new name": ('decision := uuid.rfc4122("x")', "uuid.rfc4122"),
    "keys from elsewhere": ('decision := io.jwt.decode_verify("x", {"cert": "x"})', "io.jwt.decode_verify"),
    "a call hidden by `with`": ('decision if count("x") with count as http.send', "http is unsafe"),
}


@pytest.fixture
def bounded(opa: Path) -> Iterator[OpaServers]:
    with OpaServers(opa, timeout_seconds=1.5, memory_bytes=MEMORY) as servers:
        yield servers


def refused_by_a_bound(servers: OpaServers, hostile: PolicyBundle) -> None:
    """Ask both at once: the hostile one gets no answer and leaves no process, the other is answered."""
    servers.decide(answering(), {})
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(servers.decide, hostile, {})
        assert servers.decide(answering(), {}).findings == ()
        error = pending.exception()
    assert isinstance(error, UnavailableError)
    assert "OPA gives no answer" in str(error)
    assert list(servers.processes()) == [answering().digest]
    assert servers.decide(answering(), {}).findings == ()


@pytest.mark.parametrize("name", NEVER_ENDS)
def test_what_never_ends_is_ended(bounded: OpaServers, name: str) -> None:
    refused_by_a_bound(bounded, rego(NEVER_ENDS[name]))


@pytest.mark.parametrize("name", TAKES_ALL)
def test_what_takes_all_memory_gets_no_more_than_its_bound(bounded: OpaServers, name: str) -> None:
    refused_by_a_bound(bounded, rego(TAKES_ALL[name]))


@pytest.mark.parametrize("name", FAILS)
def test_what_opa_itself_bounds_is_an_error_of_the_policy(bounded: OpaServers, name: str) -> None:
    body, said = FAILS[name]
    with pytest.raises(PolicyError, match=said):
        bounded.decide(rego(body), {})


@pytest.mark.parametrize("name", DOES_NOT_COMPILE)
def test_what_calls_out_or_calls_itself_does_not_compile_and_calls_nobody(bounded: OpaServers, name: str) -> None:
    """ATTACKS 083."""
    body, said = DOES_NOT_COMPILE[name]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        here = f"127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(PolicyError, match=said):
            bounded.decide(rego(body.replace("HERE", here)), {"x": "decision"})
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert bounded.processes() == {}


def bomb(depth: int) -> bytes:
    """Return a small YAML document that is huge when its aliases are followed."""
    lines = ['a0: &a0 ["x", "x", "x", "x", "x", "x", "x", "x", "x"]']
    lines += [f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]" for n in range(depth)]
    return "\n".join(lines).encode()


def test_data_that_explodes_is_refused_before_anything_is_asked(bounded: OpaServers) -> None:
    data = policy_bundle({**answering().files, "dvo/parameters/data.yaml": bomb(12)})
    with pytest.raises((PolicyError, UnavailableError)):
        bounded.decide(data, {})
    assert bounded.processes() == {}


def test_an_opa_that_compiles_gets_no_more_memory_than_its_bound(opa: Path, folder: Path) -> None:
    """Far less than the program itself takes: the kernel refuses, and that is no answer."""
    with pytest.raises(UnavailableError, match="does not tell its capabilities"):
        OpaCompiler(opa, 16 << 20).check(answering(), folder)


def test_the_limits_are_those_of_the_kernel(bounded: OpaServers) -> None:
    bounded.decide(answering(), {})
    pid = bounded.processes()[answering().digest]
    limits = {line[:26].strip(): line[26:].split()[:2] for line in Path(f"/proc/{pid}/limits").read_text().splitlines()}
    assert limits["Max data size"] == limits["Max file size"] == [str(MEMORY), str(MEMORY)]
    assert limits["Max core file size"] == ["0", "0"]
    assert is_running(pid)

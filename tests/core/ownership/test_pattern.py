"""What a CODEOWNERS pattern covers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.change.names import RepoPath
from controller.errors import InputError
from controller.ownership.pattern import compile_pattern, ends, literal
from tests.core.ownership.second_matcher import matches as second_opinion

# (pattern, covered, not covered); the first block takes every pattern of "About code owners".
TABLE = [
    ("*", "a b/a b/c/d.txt .x", ""),
    ("*.js", "a.js b/a.js b/c/a.js d.js/inner.txt", "a.jsx js a.js.map"),
    ("*.go", "main.go cmd/main.go", "main.go.txt"),
    ("/build/logs/", "build/logs/a build/logs/b/c", "build/logs x/build/logs/a build/logs2/a"),
    ("docs/*", "docs/getting-started.md", "docs/build-app/troubleshooting.md docs x/docs/a.md"),
    ("apps/", "apps/a x/apps/a x/y/apps/b/c", "apps x/apps myapps/a"),
    ("/docs/", "docs/a docs/a/b", "docs x/docs/a"),
    ("/scripts/", "scripts/a", "a/scripts/a"),
    ("**/logs", "logs build/logs scripts/logs deeply/nested/logs build/logs/a", "logs2 build/xlogs"),
    ("/apps/github", "apps/github apps/github/a apps/github/a/b", "apps/githubber apps/git x/apps/github"),
    # gitignore's pattern format, where GitHub keeps it
    ("foo", "foo foo/a x/foo x/foo/a", "foo.txt xfoo Foo"),
    ("foo/bar", "foo/bar foo/bar/a", "x/foo/bar foo/bart"),
    ("foo/bar/", "foo/bar/a", "foo/bar x/foo/bar/a"),
    ("/*", "a b.txt", "a/b"),
    ("/*/", "a/b a/b/c", "a"),
    ("*/", "a/b a/b/c", "a"),
    ("/f*", "foo f foo/a", "xfoo x/foo"),
    ("f*/", "foo/a x/foo/a", "foo x/foo"),
    ("f*", "foo x/foo foo/a", "xfoo"),
    ("f?o", "foo x/fzo", "fo fooo f/o"),
    ("foo/*.txt", "foo/a.txt", "foo/b/a.txt x/foo/a.txt foo/a.md"),
    ("foo/*/baz", "foo/a/baz foo/a/baz/b", "foo/baz foo/a/b/baz"),
    ("foo/**/bar", "foo/bar foo/a/bar foo/a/b/bar foo/a/bar/c", "x/foo/bar foo/abar"),
    ("foo/**", "foo/a foo/a/b", "foo x/foo/a"),
    ("foo/**/", "foo/a foo/a/b", "foo"),
    ("foo/**/*", "foo/a foo/a/b", "foo"),
    ("**", "a a/b", ""),
    ("**/", "a/b a/b/c", "a"),
    ("**/foo/bar", "foo/bar x/foo/bar x/y/foo/bar/a", "foo/x/bar"),
    ("/**/foo", "foo x/foo x/foo/a", "xfoo"),
    ("**/foo/*", "foo/a x/foo/a", "foo/a/b foo"),
    ("a/**/b/**/c*d/e", "a/b/cd/e a/x/b/y/z/cxd/e a/b/b/cd/e/f", "a/b/c/e b/cd/e a/cd/b/e"),
    ("a**b", "ab axb x/axxb", "a/b"),
    ("*a*b*", "ab xaxbx ba-b", "ba b/a"),
    (r"f\*o", "f*o", "foo"),
    (r"f\?o", "f?o", "foo"),
    (r"a\[1\]", "a[1]", "a1"),
    (r"a\\b", "a\\b", "ab"),
    ("a#b", "a#b", "a"),
    ("a.b+c(d)|$^", "a.b+c(d)|$^", "aXb+c(d)|$^"),
    ("environments/production/", "environments/production/anl.yaml", "environments/Production/anl.yaml"),
]
CASES = [(p, path, True) for p, yes, _ in TABLE for path in yes.split()] + [
    (p, path, False) for p, _, no in TABLE for path in no.split()
]


@pytest.mark.parametrize(("pattern", "path", "covered"), CASES)
def test_a_pattern_covers_what_the_documentation_says(pattern: str, path: str, covered: bool) -> None:
    assert compile_pattern(pattern).matches(RepoPath(path)) is covered


@pytest.mark.parametrize(("pattern", "path", "covered"), CASES)
def test_the_second_matcher_of_these_tests_agrees_with_the_documentation(
    pattern: str, path: str, covered: bool
) -> None:
    assert second_opinion(pattern, path) is covered


def test_an_escaped_space_is_part_of_the_path() -> None:
    pattern = compile_pattern(r"/release\ notes/")

    assert pattern.matches(RepoPath("release notes/a.md"))
    assert not pattern.matches(RepoPath("release/a.md"))


def test_a_pattern_covers_whole_paths_even_with_line_ends_in_them() -> None:
    assert not compile_pattern("/prod.yaml").matches(RepoPath("prod.yaml\n"))
    assert compile_pattern("/prod/").matches(RepoPath("prod/a\nb"))


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("!docs/", "negation"),
        (r"\#file", "escaped `#`"),
        ("[ab].txt", "ranges"),
        ("a]", "ranges"),
        ("a[", "ranges"),
        ("docs\\", "backslash"),
        (r"a\/b", "slash cannot be escaped"),
        ("a/***/b", "asterisks"),
        ("a//b", "between two slashes"),
        ("/", "between two slashes"),
        ("//", "between two slashes"),
        ("", "between two slashes"),
    ],
)
def test_what_codeowners_does_not_know_is_refused(pattern: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("segment", "name"), [("a", "a"), ("a*", None), ("a?", None), (r"a\*", "a*"), (r"a\\", "a\\"), (r"a\\*", None)]
)
def test_a_segment_without_wildcards_stands_for_one_name(segment: str, name: str | None) -> None:
    assert literal(segment) == name


@pytest.mark.parametrize(
    ("segment", "known"),
    [
        ("*.x", ("", ".x")),
        ("a*", ("a", "")),
        ("a?b*c", ("a", "c")),
        ("*", ("", "")),
        ("?", ("", "")),
        (r"\*a*b", ("", "")),
    ],
)
def test_how_a_name_begins_and_ends_is_known_where_no_wildcard_is(segment: str, known: tuple[str, str]) -> None:
    assert ends(segment) == known


_PART = st.sampled_from(["a", "b", "ab", "ba", "*", "**", "*a", "a*", "*a*b", "?", "?b", "a?*", r"\*", r"a\?"])
_PATTERNS = st.builds(
    lambda lead, parts, tail: lead + "/".join(parts) + tail,
    st.sampled_from(["", "/"]),
    st.lists(_PART, min_size=1, max_size=5),
    st.sampled_from(["", "/"]),
)
_PATHS = st.lists(st.sampled_from(["a", "b", "ab", "ba", "aab", "abb", "*", "a?", "c"]), min_size=1, max_size=6).map(
    "/".join
)


@settings(max_examples=600)
@given(_PATTERNS, _PATHS)
def test_both_matchers_agree(pattern: str, path: str) -> None:
    assert compile_pattern(pattern).matches(RepoPath(path)) is second_opinion(pattern, path)


@pytest.mark.parametrize("pattern", ["/" + "*a" * 40 + "b", "/" + "**/a/" * 40 + "b", "/" + "**/*a*a*a/" * 12 + "b"])
def test_no_pattern_makes_matching_explode(pattern: str) -> None:
    compiled = compile_pattern(pattern)

    # With backtracking these would not end before the test run is cut.
    assert not compiled.matches(RepoPath("a" * 4000))
    assert not compiled.matches(RepoPath("/".join(["a" * 8] * 400)))

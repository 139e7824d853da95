"""The lookup answers as if every rule were tried, last line first."""

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.change.names import RepoPath
from controller.ownership.lookup import Rule, arrange
from controller.ownership.owner import UserOwner
from controller.ownership.pattern import compile_pattern

_PATTERNS = st.sampled_from(
    ["*", "a", "/a", "a/", "/a/b", "a/b", "a/*", "a/**/b", "**/b", "*.x", "a*.x", "*.b.x", "/*.x", "*.?", "*.", "b?.x"]
    + ["/**/a/*.x", "a/**", "**", r"\*.x", r"*.\x", "*a", "?", "/a/?.x", "**/a/b.x", "a*", "a?*b.x", "/a*/b", "ab*.x/"]
)
_NAMES = st.sampled_from(["a", "b", "a.x", "b.x", "ab.x", "a.b.x", "*.x", "a.", "ba.x", "c"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map("/".join).map(RepoPath)


@settings(max_examples=500)
@given(st.lists(st.one_of(_PATTERNS, st.none()), max_size=12), _PATHS)
def test_the_last_matching_line_is_found(patterns: list[str | None], path: RepoPath) -> None:
    rules = [
        Rule(line, None if pattern is None else compile_pattern(pattern), (UserOwner(f"u{line}"),))
        for line, pattern in enumerate(patterns, start=1)
    ]
    tried = next((rule for rule in reversed(rules) if rule.matches(path)), None)

    assert arrange(rules).last_match(path) == tried

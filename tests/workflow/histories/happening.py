"""What may happen in a history: methods with the arguments they may have.

Rules of their own would be left out of whole histories, many at a time, by hypothesis; one rule
that lets any of them happen keeps all as likely in every history.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st

HAPPENINGS: list[st.SearchStrategy[tuple[str, dict[str, Any]]]] = []
Method = TypeVar("Method", bound=Callable[..., None])


def happening(**arguments: st.SearchStrategy[Any]) -> Callable[[Method], Method]:
    """Let a method be one of the things that may happen, with arguments like these."""

    def noted(method: Method) -> Method:
        HAPPENINGS.append(st.tuples(st.just(method.__name__), st.fixed_dictionaries(arguments)))
        return method

    return noted

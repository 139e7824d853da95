"""What is kept of earlier answers: bounded, one for each question."""

from controller.adapters.github.copies import Copies


def test_each_question_has_its_own_copy() -> None:
    copies = Copies()
    copies.keep("/x", {"page": "1"}, {"etag": '"a"', "link": "next"}, '{"é": 1}')
    copies.keep("/x", {"page": "2"}, {"etag": '"b"'}, "{}")
    found = copies.find("/x", {"page": "1"})
    assert found is not None
    assert (found.etag, found.link, found.body) == ('"a"', "next", '{"é": 1}')
    assert copies.find("/x", {}) is None


def test_an_answer_without_etag_ends_what_was_kept() -> None:
    copies = Copies()
    copies.keep("/x", {}, {"etag": '"a"'}, "{}")
    copies.keep("/x", {}, {}, "{}")
    assert copies.find("/x", {}) is None


def test_no_more_than_so_many_bytes_are_kept_and_the_last_used_stay() -> None:
    copies = Copies(most_bytes=10_000)
    for number in range(100):
        copies.keep(f"/{number}", {}, {"etag": '"a"'}, "{}")
        assert copies.find("/0", {}) is not None
    kept = [number for number in range(100) if copies.find(f"/{number}", {}) is not None]
    assert 5 < len(kept) < 25
    assert kept[-1] == 99

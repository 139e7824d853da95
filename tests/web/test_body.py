"""A body is read within a size and a time, and one that ends early is no fault of ours."""

import asyncio

from starlette.requests import Request
from starlette.types import Message

from controller.web.body import BodyFault, Room, Take, body_of


def read(*chunks: bytes, ends: str = "whole", take: Take = lambda size: True) -> bytes | BodyFault:
    """Return what is read of a body that comes in `chunks` and `ends` so."""
    more: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]

    async def receive() -> Message:
        if more:
            return more.pop(0)
        if ends == "never":
            await asyncio.Event().wait()
        return {"type": "http.request"} if ends == "whole" else {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    return asyncio.run(body_of(request, 10, 0.01 if ends == "never" else 20, take))


def test_a_body_within_its_limit_is_read_whole() -> None:
    assert read(b"12345", b"", b"67890") == b"1234567890"
    assert read() == b""


def test_one_byte_more_is_too_much() -> None:
    assert read(b"12345", b"678901") is BodyFault.TOO_LARGE


def test_bodies_share_their_room_and_give_it_back() -> None:
    room = Room(8)
    with room.share() as one, room.share() as other:
        assert read(b"12345", take=one) == b"12345"
        assert read(b"123", b"4", take=other) is BodyFault.NO_ROOM
    with room.share() as take:
        assert read(b"1234", b"5678", take=take) == b"12345678"


def test_a_body_that_ends_early_is_none() -> None:
    assert read(b"12345", ends="early") is BodyFault.CUT_OFF


def test_a_body_that_does_not_come_is_waited_for_so_long() -> None:
    assert read(b"12345", ends="never") is BodyFault.TOO_SLOW

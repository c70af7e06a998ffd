import json
import struct
from dataclasses import replace

import pytest

from base.errors import ErrorCode
from whiteboard.services.rendering.render_answers import parse_hits, parse_info, parse_words
from whiteboard.services.rendering.render_protocol import (
    FRAME_BYTES_MAX,
    Answer,
    CloseJob,
    Frames,
    Job,
    LinksJob,
    OpenJob,
    ProtocolError,
    RenderJob,
    SearchJob,
    Source,
    WordsJob,
    pack_answer,
    pack_job,
    parse_answer,
    parse_job,
)

SOURCE = Source("d", "/tmp/\udc8e 資料.pdf", "秘密")
JOBS: list[Job] = [
    OpenJob(SOURCE),
    RenderJob(SOURCE, 3, 1, 2.5, -4, 5, 60, 70),
    WordsJob(SOURCE, 3),
    LinksJob(SOURCE, 3),
    SearchJob(SOURCE, "会議", 1, 9, 0.05, 100),
    CloseJob("d"),
]
ANSWER = Answer(7, {"words": []}, None, "", 1)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: type(job).__name__)
def test_job_arrives_as_it_was_sent(job: Job) -> None:
    frames = Frames()
    frames.feed(pack_job(7, job))
    assert [parse_job(message) for message in frames.take()] == [(7, job)]


@pytest.mark.parametrize(
    "answer",
    [ANSWER, Answer(7, None), Answer(7, None, ErrorCode.DOCUMENT_EMPTY, "0 pages", 5)],
)
def test_answer_arrives_as_it_was_sent(answer: Answer) -> None:
    frames = Frames()
    frames.feed(pack_answer(answer))
    assert [parse_answer(message) for message in frames.take()] == [answer]


def test_messages_may_arrive_byte_by_byte() -> None:
    data = pack_answer(ANSWER) + pack_answer(replace(ANSWER, number=8))
    frames = Frames()
    numbers = []
    for byte in data:
        frames.feed(bytes([byte]))
        numbers += [message["number"] for message in frames.take()]
    assert numbers == [7, 8]


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"7", b"\xff", b"[" * 100_000], ids=["cut", "list", "7", "ff", "deep"]
)
def test_what_is_no_message_is_refused(body: bytes) -> None:
    frames = Frames()
    frames.feed(struct.pack("<I", len(body)) + body)
    with pytest.raises(ProtocolError):
        list(frames.take())


def test_message_beyond_all_measure_is_refused() -> None:
    frames = Frames()
    frames.feed(struct.pack("<I", FRAME_BYTES_MAX + 1))
    with pytest.raises(ProtocolError):
        list(frames.take())


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"number": "7", "value": null, "error": null, "detail": "", "memory_bytes": 0}',
        '{"number": 7, "value": [], "error": null, "detail": "", "memory_bytes": 0}',
        '{"number": 7, "value": null, "error": "odd", "detail": "", "memory_bytes": 0}',
    ],
)
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_answer(json.loads(text))


@pytest.mark.parametrize(
    "row",
    [
        [],
        ["a", 0, 0, 1, 1],
        ["a", 0, 0, 1, "1", 0],
        ["a", 0, 0, 1, 1e999, 0],
        [1, 0, 0, 1, 1, 0],
    ],
)
def test_word_that_is_none_is_refused(row: list[object]) -> None:
    with pytest.raises(ProtocolError):
        parse_words({"words": [row]})  # type: ignore[dict-item]


def test_info_without_sizes_is_refused() -> None:
    with pytest.raises(ProtocolError):
        parse_info("d", {"outline": [], "is_repaired": False})


def test_hits_are_checked() -> None:
    with pytest.raises(ProtocolError):
        parse_hits({"hits": [[0, "boxes", ""]]})

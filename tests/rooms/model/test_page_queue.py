"""What somebody waits for comes first, each thing once."""

from rooms.model.page_queue import PageQueue, Urgency


def emptied(queue: PageQueue[str]) -> list[str]:
    found = []
    while (key := queue.pop()) is not None:
        found.append(key)
    return found


def test_urgent_comes_first_and_old_before_young() -> None:
    queue = PageQueue[str]()
    for key, urgency in (
        ("rest", Urgency.REST),
        ("next", Urgency.NEXT),
        ("asked", Urgency.ASKED),
        ("asked later", Urgency.ASKED),
    ):
        queue.push(key, urgency)
    assert emptied(queue) == ["asked", "asked later", "next", "rest"]


def test_key_becomes_more_urgent_and_never_less() -> None:
    queue = PageQueue[str]()
    queue.push("a", Urgency.REST)
    queue.push("b", Urgency.NEXT)
    queue.push("a", Urgency.ASKED)
    queue.push("a", Urgency.REST)
    assert emptied(queue) == ["a", "b"]


def test_relaxed_key_waits_for_others() -> None:
    queue = PageQueue[str]()
    queue.push("a", Urgency.ASKED)
    queue.push("b", Urgency.NEXT)
    queue.relax("a", Urgency.REST)
    queue.relax("not in it", Urgency.REST)
    assert emptied(queue) == ["b", "a"]


def test_discarded_keys_do_not_come() -> None:
    queue = PageQueue[str]()
    for number in range(200):
        queue.push(f"{number % 2} {number}", Urgency.REST)
    assert len(queue.discard(lambda key: key.startswith("0"))) == 100
    assert len(queue) == 100
    assert all(key.startswith("1") for key in emptied(queue))

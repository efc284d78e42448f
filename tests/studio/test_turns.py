"""Everybody in turn."""

from __future__ import annotations

import threading
import time

import pytest

from pipeline.studio.turns import Turns


def test_who_asks_for_much_does_not_keep_others_waiting() -> None:
    turns, order, gate = Turns("test"), list[str](), threading.Event()
    first = threading.Thread(target=turns.run, args=("a", gate.wait))
    first.start()
    threads = []
    for who, number in (("a", 1), ("a", 2), ("a", 3), ("b", 1), ("c", 1), ("b", 2)):
        name = f"{who}{number}"
        threads.append(threading.Thread(target=turns.run, args=(who, lambda name=name: order.append(name))))
        threads[-1].start()
        time.sleep(0.05)
    gate.set()
    for one in (first, *threads):
        one.join()
    assert order == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_what_is_raised_is_raised_where_it_was_asked_for() -> None:
    turns = Turns("test")
    with pytest.raises(ZeroDivisionError):
        turns.run("a", lambda: 1 // 0)
    assert turns.run("a", lambda: 3) == 3

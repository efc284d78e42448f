"""Lines at many hosts: shared out, put off, tried elsewhere; and what no other try would mend."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from pipeline.asking import Http, retry_after
from pipeline.engines.openai.hosts import FAILURES, FIRST_OPEN_S, Hosts
from pipeline.errors import EngineError
from tests.engines.openai.conftest import KEY, TEXTS, Configured, Serve, free_port, lines, same


def test_lines_go_out_together_and_no_more_than_allowed(serve: Serve, configured: Configured) -> None:
    one, two = serve(takes_s=0.1), serve(takes_s=0.1)
    asked = lines(24)
    began = time.monotonic()
    found = list(configured(one, two, concurrency=3).render(asked))
    assert time.monotonic() - began < 24 * 0.1 / 2, "not one after the other"
    assert len(found) == 24
    assert one.most_busy == two.most_busy == 3
    assert abs(len(one.at) - len(two.at)) <= 4, "balanced"


def test_lines_are_yielded_as_they_come_and_the_longest_is_sent_first(serve: Serve, configured: Configured) -> None:
    server = serve()
    server.slow_text = max(TEXTS, key=len)
    order = [one.index for one in configured(server, concurrency=2).render(lines())]
    assert server.slow_text in [one["input"] for one in server.asked[:2]]
    assert order[-1] == TEXTS.index(server.slow_text)
    assert sorted(order) == list(range(6))


def test_a_dead_host_is_passed_over(serve: Serve, configured: Configured) -> None:
    server = serve(takes_s=0.02)
    dead = f"http://127.0.0.1:{free_port()}/v1"
    found = list(configured(dead, server, concurrency=2, tries=1).render(lines(20)))
    assert len(found) == 20
    assert len(server.at) == 20, "a connection that is refused costs a line none of its tries"


def test_a_host_that_breaks_everything_costs_no_line(serve: Serve, configured: Configured) -> None:
    broken, server = serve("cut wav"), serve(takes_s=0.02)
    asked = lines(30)
    found = list(configured(broken, server, concurrency=2).render(asked))
    assert len(found) == 30
    assert all(same(one, asked[one.index].text) for one in found)
    assert len(broken.at) < 12, "its breaker opened"


def test_a_busy_host_is_left_alone_as_long_as_it_asks(serve: Serve, configured: Configured) -> None:
    server = serve()
    server.weather = lambda number: "429 1" if number == 0 else "well"
    found = list(configured(server, concurrency=1, tries=1).render(lines(3)))
    assert len(found) == 3, "a refusal costs a line none of its tries"
    assert server.at[1] - server.at[0] >= 1.0
    assert all(after - before < 0.5 for before, after in pairwise(server.at[1:]))


def test_what_nobody_foresaw_costs_a_line_its_tries_and_never_its_answer(
    serve: Serve, configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(*_: object) -> None:
        raise ZeroDivisionError("somewhere deep down")

    monkeypatch.setattr("pipeline.engines.openai.sending.retry_after", breaking)
    server = serve("429 1")
    with pytest.raises(EngineError, match=r"line c01-0 .*an unexpected ZeroDivisionError"):
        list(configured(server, tries=2).render(lines(1)))
    assert len(server.at) == 2


def test_more_at_once_than_a_host_takes_costs_no_line(serve: Serve, configured: Configured) -> None:
    server = serve(slots=3, takes_s=0.02)
    found = list(configured(server, concurrency=12, tries=1).render(lines(60)))
    assert len(found) == 60
    assert "429" in server.modes


def test_a_host_that_refuses_more_than_it_ever_took_finds_its_measure() -> None:
    now = [0.0]
    hosts = Hosts(("a",), 12, clock=lambda: now[0])
    (a,) = hosts.all
    refused = []
    for _ in range(200):
        now[0] += 1
        taken = []
        while going := hosts.take():
            taken.append(going)
        for one in taken:
            hosts.ended(one, "busy" if one.level > 3 else "answered", after=0)
        refused.append(max(len(taken) - 3, 0))
    assert refused[0] == 9
    assert a.room in (3, 4)
    assert sum(refused[1:]) <= 4, "and is asked for more only now and then"


def test_a_breaker_opens_tries_one_line_and_closes() -> None:
    now = [0.0]
    hosts = Hosts(("a", "b"), 8, clock=lambda: now[0])
    a, b = hosts.all
    taken = [hosts.take(avoid=b) for _ in range(8)]
    assert [one.host for one in taken] == [a] * 8
    for one in taken[:FAILURES]:
        hosts.ended(one, "failed")
    assert a.open
    for one in taken[FAILURES:]:
        hosts.ended(one, "failed")
    assert a.opened == 1, "lines sent before it opened do not count again"
    assert [hosts.take(avoid=b).host for _ in range(2)] == [b, b], "an open one gets nothing"
    now[0] = FIRST_OPEN_S
    trial = hosts.take(avoid=b)
    assert trial.host is a
    assert hosts.take(avoid=b).host is b, "half open, it gets one line only"
    hosts.ended(trial, "failed")
    assert a.opened == 2
    assert a.free_at - now[0] >= FIRST_OPEN_S, "and after a failed one it waits longer"
    now[0] += 2 * FIRST_OPEN_S
    trial = hosts.take(avoid=b)
    assert trial.host is a
    hosts.ended(trial, "answered")
    assert not a.open
    assert [hosts.take(avoid=b).host for _ in range(3)] == [a, a, a]


def test_a_refusal_by_chance_takes_no_room_from_a_host() -> None:
    hosts = Hosts(("a",), 8, clock=lambda: 0.0)
    (a,) = hosts.all
    for turn in range(4):
        for one in [hosts.take() for _ in range(8)]:
            hosts.ended(one, "busy" if one.level == 5 and turn else "answered", after=0)
    assert a.room == 8


def test_an_outage_in_the_middle_is_waited_for_and_costs_no_line(
    serve: Serve, configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.engines.openai.hosts.FIRST_OPEN_S", 0.05)
    server = serve()
    server.weather = lambda number: "gone" if 5 <= number < 14 else "well"
    found = list(configured(server, concurrency=1, tries=6).render(lines(10)))
    assert len(found) == 10, "a line that only tries whether a host is back loses none of its tries"
    gaps = [after - before for before, after in pairwise(server.at)]
    assert max(gaps) > 0.2, "its breaker was open for a while"


def test_no_host_at_all_is_an_error_that_names_each_and_why(serve: Serve, configured: Configured) -> None:
    dead = [f"http://127.0.0.1:{free_port()}/v1" for _ in range(2)]
    with pytest.raises(EngineError, match="no speech server gave a usable answer") as error:
        list(configured(*dead, patience_s=0.5).render(lines()))
    assert all(f"{one}: no server is listening there" in str(error.value) for one in dead)
    assert "没有语音服务给出可用的回答" in error.value.what.chinese


def test_taking_no_more_ends_at_once(serve: Serve, configured: Configured) -> None:
    found = configured(serve(takes_s=0.05), concurrency=2, timeout_s=600).render(lines(40))
    next(found)
    began = time.monotonic()
    found.close()
    assert time.monotonic() - began < 0.5


# --- refusals ----------------------------------------------------------------------------------------


def test_a_refused_line_is_named_with_the_servers_words_and_the_others_are_spoken(
    serve: Serve, configured: Configured
) -> None:
    server = serve()
    server.weather = lambda number: "400" if server.asked[number]["input"] == TEXTS[1] else "well"
    rendering = configured(server).render(lines())
    found = [next(rendering).index for _ in range(5)]
    assert sorted(found) == [0, 2, 3, 4, 5]
    with pytest.raises(EngineError, match=r"line c01-1 .*HTTP 400: no 400 for 他推开门") as error:
        next(rendering)
    assert "c01-1 没能合成" in error.value.what.chinese
    assert len(server.at) == 6, "not tried again"


def test_when_every_line_is_refused_no_more_are_sent(serve: Serve, configured: Configured) -> None:
    server = serve("404")
    with pytest.raises(EngineError, match="HTTP 404"):
        list(configured(server, concurrency=1).render(lines(40)))
    assert len(server.at) == 3


@pytest.mark.parametrize(
    ("mode", "says"), [("401 echo", "does not accept the key"), ("400 echo", "HTTP 400"), ("500 echo", "HTTP 500")]
)
def test_a_server_that_tells_the_key_is_not_quoted(
    serve: Serve, configured: Configured, monkeypatch: pytest.MonkeyPatch, mode: str, says: str
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    server = serve(mode)
    with pytest.raises(EngineError, match=says) as error:
        list(configured(server, key_env="MY_KEY", tries=2).render(lines(1)))
    assert server.keys[0] == f"Bearer {KEY}"
    assert not any(KEY[at : at + 6] in repr(error.value) + str(error.value) for at in range(len(KEY) - 5))
    assert len(server.at) == (2 if mode.startswith("500") else 1)


def test_a_redirect_is_not_followed(serve: Serve, configured: Configured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    elsewhere = serve()
    with pytest.raises(EngineError, match="points to another address"):
        list(configured(serve(f"302 {elsewhere.url}/audio/speech"), key_env="MY_KEY").render(lines(1)))
    assert not elsewhere.at


def test_a_key_that_is_not_there_and_one_that_no_header_takes(
    serve: Serve, configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = configured(serve(), key_env="MY_KEY")
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(EngineError, match="MY_KEY is not set"):
        list(engine.render(lines(1)))
    for wrong in ("一把钥匙", "sk-two\nlines"):
        monkeypatch.setenv("MY_KEY", wrong)
        with pytest.raises(EngineError, match="no HTTP header takes"):
            list(engine.render(lines(1)))


def test_a_text_that_is_too_long_is_never_sent(serve: Serve, configured: Configured) -> None:
    server = serve()
    asked = lines(2)
    with pytest.raises(EngineError, match=r"line c01-0 .*more than the 10 characters"):
        list(configured(server, max_characters=10).render(asked))
    assert [one["input"] for one in server.asked] == [TEXTS[1]]


# --- the HTTP client ---------------------------------------------------------------------------------


def test_a_date_to_come_again_is_read() -> None:
    from email.utils import formatdate

    assert retry_after({"retry-after": "2"}) == 2.0
    later = retry_after({"retry-after": formatdate(time.time() + 90, usegmt=True)})
    assert later is not None
    assert 85 < later <= 91
    for text in ("soon", "Mon, 01 Jan 2026 99999999999999999999:00:00 GMT"):
        assert retry_after({"retry-after": text}) is None
    assert retry_after({}) is None


def test_the_client_gives_up_on_a_connection_sooner_than_on_an_answer() -> None:
    http = Http("", 600.0)
    assert http._http.timeout.connect == 10.0
    assert http._http.timeout.read == 600.0
    http.close()

"""The desk in a real browser: a long book's lines, keys, voices side by side; and a clip recorded for an audition."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import script
from tests.browser import Browser, needs_browser
from tests.conftest import shuoshu
from tests.studio.conftest import studio
from tests.studio.test_page import ROWS, changed, click, line, part, tab, within_the_window

pytestmark = [needs_browser, pytest.mark.xdist_group("studio-page")]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    found = Browser(tmp_path / "chromium", "en-US")
    yield found
    found.close()


def jobs(url: str, book: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.load(urllib.request.urlopen(f"{url}/api/jobs/{book}"))["jobs"]
    return found


def all_done(url: str, book: str, count: int) -> None:
    """Wait until a book has had so many jobs, all ended."""
    until = time.monotonic() + 60
    while [one["state"] for one in jobs(url, book)] != ["done"] * count:
        assert time.monotonic() < until, jobs(url, book)
        time.sleep(0.1)


def chosen(browser: Browser, url: str) -> None:
    """A line of the story chosen on its page."""
    browser.resize(1440)
    browser.visit(f"{url}/#story")
    browser.wait(f"!!{line('走吧')}")
    browser.get(f"{line('走吧')}.click()")


def test_a_line_stays_chosen_wherever_it_stands_in_a_long_book(workspace: Path, browser: Browser) -> None:
    text = "第一章 长路\n\n" + "\n\n".join(f"他走了第{n}里路。" for n in range(1, 260))
    (workspace / "manuscripts/road.txt").write_text(text, encoding="utf-8")
    assert shuoshu("script", "manuscripts/road.txt", cwd=workspace).returncode == 0
    with studio(workspace) as url:
        browser.resize(1440)
        browser.visit(f"{url}/#road")
        browser.wait(f"{part('count')}?.textContent.includes('260 lines')")
        # the top of the list is in one hundred, the line in the next
        browser.get(f"{part('list')}.scrollTop = 46 * 95")
        browser.wait(f"!!{line('第103里')}")
        browser.get(f"{line('第103里')}.click()")
        browser.wait(f"{part('line-text')}.textContent.includes('第103里')")
        changed(browser, "edit-emotion", "sad:0.6")
        browser.wait(f"{line('第103里')}?.textContent.includes('sad:0.6')")
        time.sleep(4)  # the page looks for changes on disk every three seconds
        assert browser.get(f"!{part('line')}.hidden && {line('第103里')}.classList.contains('on')")
        folder = workspace / "output/road"
        [row] = [one for one in script.load(folder) if "第200里" in one.text]
        script.edit(folder, [row.id], {"emotion": "angry:0.7"})
        browser.get(f"{part('list')}.scrollTop = 46 * 110")  # windows are loaded while the table is another already
        time.sleep(4)
        browser.get(f"{part('list')}.scrollTop = 46 * 195")
        browser.wait(f"{line('第200里')}?.textContent.includes('angry:0.7')")
        assert browser.get(f"{part('line-text')}.textContent.includes('第103里')")


def test_keys_that_are_held_or_press_something_else(workspace: Path, browser: Browser) -> None:
    with studio(workspace) as url:
        chosen(browser, url)
        browser.wait(f"{part('takes')}.querySelectorAll('.take').length === 1")
        browser.get("document.activeElement.blur()")
        browser.key("r", held=8)
        all_done(url, "story", 1)
        browser.wait(f"{part('progress')}.hidden")
        assert [one["verb"] for one in jobs(url, "story")] == ["rerender"]
        # a selection that the chosen line is not of is not what R means
        for text in ("你终于来了", "喝杯热茶"):
            browser.get(f"{line(text)}.dispatchEvent(new MouseEvent('click', {{bubbles: true, ctrlKey: true}}))")
            browser.wait(f"{line(text)}.classList.contains('picked')")
        assert "selected 2" in browser.get(f"{part('line-id')}.textContent")
        browser.key("j")
        browser.key("j")
        browser.wait(f"!{part('line-id')}.textContent.includes('selected')")
        shown = browser.get(f"{part('line-id')}.textContent.split(' ')[0]")
        browser.get(
            "(() => { const real = window.fetch; window.fetch = (where, more) => { if (String(where).includes('api/rerender'))"
            " window.asked = JSON.parse(more.body).lines; return real(where, more); }; })()"
        )
        browser.key("r")
        all_done(url, "story", 2)
        browser.wait(f"{part('progress')}.hidden")
        assert browser.get("window.asked") == [shown]
        assert browser.get(f"{part('line-id')}.textContent.split(' ')[0]") == shown


def test_voices_are_heard_side_by_side_and_one_is_given(workspace: Path, browser: Browser) -> None:
    with studio(workspace) as url:
        browser.resize(390)
        browser.visit(f"{url}/#story")
        mine = f"[...({part('people')}?.children ?? [])].find(one => one.querySelector('.who').textContent === '老王')"
        browser.wait(f"!!{mine}")
        assert "路不好走" in browser.get(f"{mine}.querySelector('.sample').textContent")
        for name in ("male 3", "male 4"):
            browser.get(
                f"(() => {{ const one = {mine}.querySelector('select');"
                f" one.value = [...one.options].find(each => each.textContent.startsWith('{name}')).value;"
                " one.dispatchEvent(new Event('change')); })()"
            )
        assert browser.get(f"[...{mine}.querySelectorAll('.voice')].map(one => one.textContent).length") == 3
        assert within_the_window(browser)
        heard = set()
        for at in range(3):
            browser.get(f"{part('audio')}.removeAttribute('src')")
            browser.get(f"{mine}.querySelectorAll('.voice')[{at}].querySelector('button').click()")
            browser.wait(f"{part('audio')}.src.includes('audition/')")
            heard.add(browser.get(f"{part('audio')}.src"))
        assert len(heard) == 3
        browser.get(f"{mine}.querySelectorAll('.voice')[1].querySelectorAll('button')[1].click()")
        browser.wait(f"{part('note')}.textContent.includes('casts/story.yaml')")
        browser.wait(f"{part('count')}.textContent.includes('to render 4')")
        assert browser.get(f"{mine}.querySelector('.voice.used').textContent").startswith("▶ male 4")
        click(browser, "update")
        browser.wait(f"{part('count')}.textContent.includes('to render 0')")


def test_a_server_that_is_gone_for_a_moment_loses_nothing_on_the_page(workspace: Path, browser: Browser) -> None:
    with studio(workspace) as url:
        chosen(browser, url)
        browser.get(
            "(() => { const real = window.fetch; let left = 2; window.fetch = (where, ...more) => String(where).includes('api/job/')"
            " && left-- > 0 ? Promise.reject(new TypeError('Failed to fetch')) : real(where, ...more); })()"
        )
        click(browser, "three")
        browser.wait(f"{part('note')}.textContent.includes('trying again')")
        browser.wait(f"{part('progress')}.hidden && !{part('note')}.textContent.includes('trying again')")
        assert browser.get(f"{ROWS}.length > 3")
        assert jobs(url, "story")[0]["state"] == "done"


def test_a_clip_is_recorded_and_measured_at_once(workspace: Path, browser: Browser) -> None:
    with studio(workspace) as url:
        browser.visit(url)
        browser.wait("document.querySelectorAll('button[role=tab]').length === 3")
        tab(browser, 1)
        browser.wait("!!document.querySelector('#audition-clip')?.offsetParent")
        browser.get("document.querySelector('#audition-clip [aria-label=\"Record audio\"]').click()")
        browser.wait("!!document.querySelector('#audition-clip .record-button')")
        browser.get("document.querySelector('#audition-clip .record-button').click()")
        time.sleep(6)
        browser.get("document.querySelector('#audition-clip .stop-button').click()")
        browser.wait("document.querySelector('#clip-measured')?.textContent.includes('dBFS')")
        told = browser.get("document.querySelector('#clip-measured').textContent")
        assert 5 <= float(told.split("Clip: ")[1].split(" s")[0]) <= 8, told
        assert list((workspace / "clips").iterdir())

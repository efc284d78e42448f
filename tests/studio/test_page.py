"""The studio in a real browser, served by its own command, on the embedded engine."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from pipeline import script
from tests.browser import Browser, needs_browser
from tests.studio.conftest import STORY, studio

pytestmark = [needs_browser, pytest.mark.xdist_group("studio-page")]
ROWS = "[...document.querySelectorAll('#desk .row')]"


def part(name: str) -> str:
    return f"document.querySelector('#desk [data-id=\"{name}\"]')"


def click(browser: Browser, name: str) -> None:
    browser.get(f"{part(name)}.click()")


def line(text: str) -> str:
    return f"{ROWS}.find(one => one.textContent.includes({json.dumps(text)}))"


def changed(browser: Browser, name: str, value: str) -> None:
    browser.get(f"(() => {{ const one = {part(name)}; one.focus(); one.value = {json.dumps(value)};"
                f" one.dispatchEvent(new Event('change', {{bubbles: true}})); }})()")  # fmt: skip


def tab(browser: Browser, at: int) -> None:
    browser.get(f"document.querySelectorAll('button[role=tab]')[{at}].click()")


def outside(browser: Browser, url: str) -> list[str]:
    """What the browser asked for elsewhere."""
    return [one for one in browser.asked if not one.startswith((url.rsplit(":", 1)[0], "data:", "blob:", "about:"))]


@pytest.fixture
def browsers(tmp_path: Path) -> Iterator[dict[str, Browser]]:
    found = {"zh": Browser(tmp_path / "chromium-zh", "zh-CN"), "en": Browser(tmp_path / "chromium-en", "en-US")}
    yield found
    for one in found.values():
        one.close()


def within_the_window(browser: Browser) -> bool:
    return bool(browser.get("document.documentElement.scrollWidth <= innerWidth + 1"))


def test_a_book_from_upload_to_download(tmp_path: Path, browsers: dict[str, Browser]) -> None:
    root, browser = tmp_path / "work", browsers["zh"]
    root.mkdir()
    manuscript = tmp_path / "雨夜.txt"
    manuscript.write_text(
        STORY + '\n“<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>坏人。”老王说。\n',
        encoding="utf-8",
    )
    with studio(root) as url:
        browser.visit(url)
        browser.wait(f"{part('manuscript')}?.options.length > 0")
        browser.choose_file("#desk input[type=file]", manuscript)
        browser.wait(f"{part('manuscript')}.value === '雨夜.txt'")
        click(browser, "make")
        browser.wait(f"!{part('progress')}.hidden")
        browser.visit(f"{url}/#{quote('雨夜')}")  # loaded again in the middle of the run
        browser.wait(f"{part('book')}?.value === '雨夜'")
        browser.wait(f"!{part('progress')}.hidden && {part('progress-text')}.textContent.includes('制作整本书')")
        browser.wait(f"{part('files')}?.textContent.includes('雨夜.m4b')")
        address = browser.get(
            f"[...{part('files')}.querySelectorAll('a')].find(one => one.textContent === '雨夜.m4b').href"
        )
        browser.wait(f"{part('progress')}.hidden")  # until the run has ended the book is its own
        audiobook = urllib.request.urlopen(address).read()
        assert b"ftyp" in audiobook[:64]
        browser.resize(1440)
        browser.wait(f"{part('count')}.textContent.includes('待合成 0')")
        assert within_the_window(browser)

        browser.wait(f"{part('people')}.textContent.includes('老王')")
        assert browser.get("window.hacked === undefined"), "what a manuscript holds is text"
        assert browser.get("document.querySelectorAll('#desk .row img, #desk .row script').length") == 0

        # edit, render again, choose, by the keys
        browser.wait(f"!!{line('走吧')}")
        browser.get(f"{line('走吧')}.click()")
        browser.wait(f"{part('takes')}.querySelectorAll('.take').length === 1")
        changed(browser, "edit-emotion", "sad:0.6")
        browser.wait(f"{line('走吧')}.textContent.includes('○')")
        browser.get("document.activeElement.blur()")
        browser.key("r")
        browser.wait(f"{part('takes')}.querySelectorAll('.take').length === 2")
        browser.wait(f"{part('count')}.textContent.includes('待合成 0')")
        browser.wait(f"{part('progress')}.hidden")
        sad = urllib.request.urlopen(address).read()
        assert sad != audiobook, "the chapter is mastered again, and the audiobook with it"
        browser.key("1")
        browser.wait(f"{part('takes')}.querySelector('.take.used b')?.textContent === '1'")
        browser.key("2")
        browser.wait(f"{part('takes')}.querySelector('.take.used b')?.textContent === '2' && {part('progress')}.hidden")
        assert urllib.request.urlopen(address).read() == sad
        browser.key("k")
        browser.wait(f"{part('line-text')}.textContent.includes('天晴了')")
        browser.key("j")
        browser.wait(f"{part('line-text')}.textContent.includes('走吧')")
        browser.key(" ")
        browser.wait(f"!{part('audio')}.paused || {part('audio')}.ended")
        assert not [one for one in browser.said if one.get("type") == "error" or "exceptionDetails" in one], (
            browser.said
        )
        assert outside(browser, url) == []


def test_two_tabs_edit_the_same_book_and_both_languages_are_there(
    workspace: Path, browsers: dict[str, Browser], tmp_path: Path
) -> None:
    with studio(workspace) as url:
        for browser in browsers.values():
            browser.resize(1440)
            browser.visit(f"{url}/#story")
            browser.wait(f"!!{line('走吧')}")
            browser.get(f"{line('走吧')}.click()")
            browser.wait(f"!{part('line')}.hidden")
        zh, en = browsers["zh"], browsers["en"]
        assert zh.get(f"{part('rerender')}.textContent") == "重新合成（R）"
        assert en.get(f"{part('rerender')}.textContent") == "Render again (R)"
        en.get(  # this tab does not hear of the other's change before it makes its own
            "(() => { const real = window.fetch; window.fetch = (where, ...more) => String(where).includes('api/stamp')"
            " ? new Promise(() => {}) : real(where, ...more); window.hearsAgain = () => { window.fetch = real; }; })()"
        )
        changed(zh, "edit-emotion", "sad:0.6")
        zh.wait(f"{line('走吧')}.textContent.includes('sad:0.6')")
        changed(en, "edit-emotion", "angry:0.6")
        en.wait(f"{part('note')}.textContent.includes('changed meanwhile')")
        [row] = [one for one in script.load(workspace / "output/story") if one.text == "“走吧。”"]
        assert row.emotion == "sad:0.6", "nothing is overwritten unseen"
        en.wait(f"{line('走吧')}.textContent.includes('sad:0.6')")  # and what the other wrote is shown
        en.get("hearsAgain()")
        click(en, "undo")
        en.wait(
            f"{part('note')}.textContent.includes('Taken back') || {part('note')}.textContent.includes('nothing of yours')"
        )
        script.edit(workspace / "output/story", [row.id], {"emotion": "calm:0.5"})
        for browser in browsers.values():
            browser.wait(f"{line('走吧')}.textContent.includes('calm:0.5')")  # a change on disk shows by itself
        for width in (390, 1440):
            for at in (0, 1, 2):
                zh.resize(width)
                tab(zh, at)
                time.sleep(0.5)
                assert within_the_window(zh), (width, at)
                zh.picture(tmp_path / f"page{at}-{width}.png")
        for browser in browsers.values():
            tab(browser, 1)
            browser.wait("!!document.querySelector('#audition-go')")
        assert zh.get("document.querySelector('#audition-go').textContent").strip() == "生成"
        assert en.get("document.querySelector('#audition-go').textContent").strip() == "Speak"
        for browser in browsers.values():
            assert outside(browser, url) == []


def test_an_audition_and_a_scene_are_heard(workspace: Path, browsers: dict[str, Browser]) -> None:
    browser = browsers["en"]
    with studio(workspace) as url:
        browser.visit(url)
        browser.wait("document.querySelectorAll('button[role=tab]').length === 3")
        tab(browser, 1)
        browser.wait("!!document.querySelector('#audition-go')?.offsetParent")
        browser.get("document.querySelector('#audition-go').click()")
        browser.wait("document.querySelector('#audition-told')?.textContent.includes('LUFS')")
        assert "chong2" in browser.get("document.querySelector('#audition-told').textContent")
        tab(browser, 2)
        browser.wait("!!document.querySelector('#scene-go')?.offsetParent")
        browser.get(
            "(() => { const one = document.querySelector('#scene-lines textarea');"
            " one.value = '旁白：夜深了。\\n父亲：孩子，把灯关了，早点睡。\\n孩子：我不嘛，我还要听一个故事！\\n父亲：好，就讲一个。\\n旁白：他望着窗外，想起了从前的那个夜晚。';"
            " one.dispatchEvent(new Event('input', {bubbles: true})); })()"
        )
        browser.get("document.querySelector('#scene-go').click()")
        browser.wait("document.querySelector('#scene-told')?.textContent.includes('30.000 s')")
        tab(browser, 0)
        browser.wait(f"{part('book')}.options.length === 3")  # the new scene is among the books by itself
        assert outside(browser, url) == []

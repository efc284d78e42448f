"""The quality report in a real browser: nothing on its console, the language switches, tables sort, sound plays from the file
beside the page, and a script that got into the page does not run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from pipeline.deliver import plots
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.finding import Finding
from pipeline.deliver.quality import analyse
from pipeline.deliver.report_page import page
from tests.browser import Browser, needs_browser

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    one = Browser(tmp_path_factory.mktemp("chromium"))
    yield one
    one.close()


@pytest.fixture(scope="module")
def report(finished: FinishedBook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with three findings, of lines where they are, beside the chapters it speaks of."""
    folder = tmp_path_factory.mktemp("report")
    shutil.copytree(finished.folder / "chapters", folder / "chapters")
    quality = analyse(finished)
    segment = finished.timeline(finished.masters[0]).segments[2]
    line = Finding(
        "clipped", "warning", "It clips.", "削波。", 1, segment.start / 44100, segment.end / 44100, None, segment.line_id,
        "林晚", segment.text, f"shuoshu rerender book {segment.line_id}",
    )  # fmt: skip
    findings = (line, replace(line, kind="silent", severity="error", english="It is silent.", start=0.5, end=1.0), line)
    path = folder / "report.html"
    path.write_text(page(replace(quality, findings=findings), -19), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def script_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from pipeline.cli import report_page
    from pipeline.nouns import Line
    from pipeline.script.review import review

    text = "“她用力一推，墙上的石板转了过去，露出一只落满灰尘的座钟。It is the lighthouse that kept time.”"
    lines = [
        Line("c01-1aec6b", 1, 1, 1, "narration", "narrator", "她走过来说了很长的一句话，没有人听见，也没有人回答。"),
        Line("c01-7fa2b1", 1, 2, 2, "dialogue", "unknown", text, confidence=0.2, why="lead: 她走过来说了很长的一句话"),
    ]
    path = tmp_path_factory.mktemp("script") / "script-report.html"
    path.write_text(report_page.page(review(lines, "zh"), "书", "zh"), encoding="utf-8")
    return path


def shown(browser: Browser) -> str:
    return str(browser.get("document.body.innerText"))


def test_the_page_shows_without_a_word_on_the_console_and_switches_language(browser: Browser, report: Path) -> None:
    browser.said.clear()
    browser.open(report)
    assert "响度随时间变化" in shown(browser)
    assert "Loudness over time" not in shown(browser)
    assert browser.get("document.querySelectorAll('figure svg path.short').length") == 2
    assert browser.get("document.querySelector('path.short').getBBox().width") > 500
    browser.get("document.querySelector('button.language').click()")
    assert "Loudness over time" in shown(browser)
    assert "响度随时间变化" not in shown(browser)
    assert browser.said == []


LANGUAGES = {"zh": "", "en": "document.querySelector('button.language').click()"}
CUT = """[...document.querySelectorAll('td, th, code, button, figcaption, .level, .time')].filter(one => {
  const box = one.getBoundingClientRect();
  return box.width && (box.left < 0 || box.right > innerWidth + 0.5);
}).map(one => one.textContent)"""
"""What reaches beyond the page."""
BROKEN = """[...document.querySelectorAll('td, th')].flatMap(cell => {
  const found = [], texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), range = document.createRange();
  while (texts.nextNode())
    for (const word of texts.currentNode.data.matchAll(/[A-Za-z0-9.:-]+/g)) {
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(one => Math.round(one.top))).size > 1) found.push(word[0]);
    }
  return found;
})"""
"""Words, figures and line ids that stand on two rows."""


@pytest.mark.parametrize("width", [390, 820, 1440])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_off_and_no_word_is_broken_on_any_screen(
    width: int, language: str, browser: Browser, report: Path, script_report: Path
) -> None:
    for page_of in (report, script_report):
        browser.resize(width)
        browser.open(page_of)
        browser.get(LANGUAGES[language])
        assert browser.get("document.documentElement.scrollWidth") <= width
        assert browser.get(BROKEN) == []
        if width != 820:  # between the two, a table may scroll in its own box
            assert browser.get(CUT) == []
    browser.resize(1440)


def test_on_a_telephone_every_figure_has_its_head_in_front(browser: Browser, report: Path) -> None:
    browser.resize(390)
    browser.open(report)
    label = "getComputedStyle(document.querySelector('table.stack td:nth-child(4)'), '::before').content"
    assert browser.get(label) in ("attr(data-zh)", '"综合响度"')
    assert browser.get("document.querySelector('table.stack td:nth-child(4)').dataset.zh") == "综合响度"
    assert browser.get("document.querySelector('table.stack td:nth-child(4)').dataset.en") == "integrated loudness"
    browser.resize(1440)


def test_heads_stand_over_their_columns(browser: Browser, report: Path) -> None:
    browser.resize(1440)
    browser.open(report)
    sides = """[...document.querySelectorAll('table')].flatMap(table => [...table.tHead.rows[0].cells].map((head, at) =>
        [head, table.tBodies[0].rows[0].cells[at]].map(one => getComputedStyle(one).textAlign)))"""
    found = browser.get(sides)
    assert ["right", "right"] in found
    assert all(head == cell for head, cell in found)


def test_plots_are_as_wide_as_the_page_with_scales_beside_them(browser: Browser, report: Path) -> None:
    browser.resize(1440)
    browser.open(report)
    assert browser.get("document.querySelector('svg.loudness').getBoundingClientRect().width") > 1100
    rights, left = browser.get("""(plot => [
        [...plot.querySelectorAll('.level')].map(one => one.getBoundingClientRect().right),
        plot.querySelector('svg').getBoundingClientRect().left])(document.querySelector('.plot'))""")
    assert len(rights) == 4
    assert all(right <= left for right in rights), "no figure under the curve"
    times = browser.get("[...document.querySelector('.plot').querySelectorAll('.time')].map(one => one.textContent)")
    assert times[:2] == ["0:00", "0:05"]


def test_a_time_axis_has_few_marks_at_round_times() -> None:
    def times(seconds: float) -> list[str]:
        return [one.split("<")[0] for one in plots.plot((), (), None, (), seconds).split('%">')[1:]]

    assert times(0) == []
    assert times(97) == ["0:00", "0:30", "1:00", "1:30"]
    assert times(45 * 60) == ["0:00", "10:00", "20:00", "30:00", "40:00"]
    assert times(7200) == ["0:00", "30:00", "1:00:00", "1:30:00", "2:00:00"]
    assert all(2 <= len(times(seconds)) <= 6 for seconds in range(6, 100_000, 61))


def test_counts_and_narrator_are_said_in_the_language_of_the_page(browser: Browser, report: Path) -> None:
    browser.open(report)
    assert "1 条错误 · 2 条警告 · 0 条提示" in shown(browser)
    assert "旁白" in shown(browser)
    assert "narrator" not in shown(browser)
    browser.get(LANGUAGES["en"])
    assert "1 error · 2 warnings · 0 notes" in shown(browser)
    assert "narrator" in shown(browser)


def test_a_click_on_a_head_sorts(browser: Browser, report: Path) -> None:
    browser.open(report)
    severities = (
        "[...[...document.querySelectorAll('h2')].find(one => one.innerText.startsWith('发现')).nextElementSibling"
        ".firstChild.tBodies[0].rows].map(row => row.querySelector('span').className)"
    )
    head = "[...document.querySelectorAll('th')].find(one => one.innerText === '程度')"
    assert browser.get(severities) == ["error", "warning", "warning"]
    browser.get(f"{head}.click()")
    browser.get(f"{head}.click()")
    assert browser.get(severities) == ["warning", "warning", "error"]


def test_a_button_plays_just_the_line_from_the_file_beside_the_page(browser: Browser, report: Path) -> None:
    browser.said.clear()
    browser.open(report)
    browser.get("document.querySelector('td button[data-play*=\"#t=0.20,1.30\"]').click()")
    source = unquote(str(browser.get("document.querySelector('audio').src")))
    assert source.startswith(report.parent.as_uri())
    path, part = source.removeprefix("file://").split("#")
    assert (Path(path).suffix, part) == (".mp3", "t=0.20,1.30")
    assert Path(path).is_file()
    browser.wait("document.querySelector('audio').ended || document.querySelector('audio').paused"
                 " && document.querySelector('audio').currentTime > 1")  # fmt: skip
    assert browser.get("document.querySelector('audio').currentTime") == pytest.approx(1.3, abs=0.3)
    assert browser.said == []


def test_a_copy_button_copies_the_command_beside_it(browser: Browser, report: Path) -> None:
    browser.open(report)
    browser.get("document.querySelector('[data-copy]').click()")
    browser.wait("document.querySelector('[data-copy]').dataset.copy === 'done'")
    assert str(browser.get("getSelection().toString()")).startswith("shuoshu rerender book c01-")


def test_a_file_that_is_gone_is_said(browser: Browser, report: Path, tmp_path: Path) -> None:
    alone = tmp_path / "report.html"
    alone.write_bytes(report.read_bytes())
    browser.open(alone)
    assert "无法播放" not in shown(browser)
    browser.get("document.querySelector('[data-play]').click()")
    browser.wait("!document.querySelector('#told').hidden")
    assert "无法播放" in shown(browser)


def test_a_script_that_got_into_the_page_does_not_run(browser: Browser, report: Path, tmp_path: Path) -> None:
    html = report.read_text(encoding="utf-8")
    evil = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
    path = tmp_path / "evil.html"
    path.write_text(html.replace("</h1>", "</h1>" + evil, 1), encoding="utf-8")
    browser.open(path)
    assert browser.get("document.title") != "run"
    browser.get("document.querySelector('button.language').click()")
    assert "Loudness over time" in shown(browser), "the page's own script runs"


def test_the_script_report_shows_too(browser: Browser, script_report: Path) -> None:
    browser.said.clear()
    browser.open(script_report)
    assert "说话人存疑 (1)" in shown(browser)
    assert "未知" in shown(browser)
    assert browser.said == []

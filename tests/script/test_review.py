"""Corrections and the review, on a real book folder: what changes, what follows, what outlives a new manuscript."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from pipeline import script
from pipeline.errors import ScriptError
from pipeline.nouns import Line
from pipeline.script.correct import assigned
from pipeline.script.nearest import nearest_person
from pipeline.script.review import review
from pipeline.wording import Wording
from tests.conftest import shuoshu

TALK = """第一章 夜谈

林晚道：“你来了。”
老王笑着说：“来了。”

* * *

灯灭了，屋里一片漆黑。

“谁在那里？”
“是我。”
“你怎么才来？”
“路上耽搁了。”
老王说：“明天再走吧。”
"""
CAST = "language: zh\nnarrator: {voice: n}\nvoices:\n  n: {engine: espeak, variant: f2}\n  w: {engine: espeak, variant: m3}\ncharacters:\n  老王: {voice: w}\n"


def line(order: int, speaker: str, confidence: float, why: str = "alternation", text: str = "“嗯。”") -> Line:
    return Line(f"l{order}", 1, order, order, "dialogue", speaker, text, confidence=confidence, why=why)


def changed(lines: list[Line], name: str, speaker: str) -> dict[str, str]:
    return {one.line.id: one.speaker for one in assigned(lines, [name], speaker)}


def test_a_correction_turns_the_doubtful_lines_of_two_people() -> None:
    lines = [line(1, "甲", 0.6), line(2, "乙", 0.6), line(3, "甲", 0.6), line(4, "unknown", 0.0, "none")]
    assert changed(lines, "l1", "乙") == {"l1": "乙", "l2": "甲", "l3": "乙", "l4": "甲"}
    assert [one.line.id for one in assigned(lines, ["l1"], "乙", only=True)] == ["l1"]


def test_nothing_follows_where_alternation_does_not_decide() -> None:
    third = [line(1, "甲", 0.6), line(2, "乙", 0.6), line(3, "丙", 0.6), line(4, "甲", 0.6)]
    assert changed(third, "l1", "乙") == {"l1": "乙"}
    misfit = [line(1, "甲", 0.6), line(2, "unknown", 0.0), line(3, "unknown", 0), line(4, "乙", 0.95)]
    assert changed(misfit, "l1", "乙") == {"l1": "乙"}
    fits = [line(1, "甲", 0.6), line(2, "unknown", 0.0), line(3, "unknown", 0), line(4, "甲", 0.95)]
    assert changed(fits, "l1", "乙") == {"l1": "乙", "l2": "甲", "l3": "乙"}


def test_what_a_person_or_the_text_decided_stays() -> None:
    lines = [line(1, "甲", 0.6), line(2, "甲", 1.0, "hand"), line(3, "乙", 0.6), line(4, "乙", 0.9, "tag-after")]
    assert "l2" not in changed(lines, "l1", "乙")
    assert "l4" not in changed(lines, "l1", "乙")


def test_nothing_follows_where_a_line_calls_the_one_it_would_go_to_or_has_anothers_tag() -> None:
    def talk(third: Line) -> list[Line]:
        return [line(1, "乙", 0.6), line(2, "甲", 0.6), third, line(4, "甲", 0.6)]

    assert changed(talk(line(3, "甲", 0.6)), "l1", "乙") == {"l3": "乙"} | changed(talk(line(3, "乙", 0.6)), "l1", "乙")
    for text in ("“乙，你嘴巴放干净点！”", "“别走，乙哥。”"):
        assert "l3" not in changed(talk(line(3, "甲", 0.6, text=text)), "l1", "乙")
    assert "l3" in changed(talk(line(3, "甲", 0.6, text="“乙说了什么？”")), "l1", "乙")
    assert "l3" not in changed(talk(line(3, "甲", 0.6, "tag: 甲道：")), "l1", "乙")
    other = talk(line(3, "甲", 0.6, text="“阿乙，坐。”"))
    assert "l3" not in {one.line.id for one in assigned(other, ["l1"], "乙", aliases={"乙": ("阿乙",)})}


def test_a_refused_name_says_how_a_new_one_is_given_and_the_narrator_has_his_chinese_name(talk: Path) -> None:
    assert shuoshu("script", "talk.txt", cwd=talk).returncode == 0
    mine = next(one.id for one in script.load(talk / "output/talk") if one.speaker == "林晚")
    refused = shuoshu("assign", "talk", mine, "小满", cwd=talk)
    assert refused.returncode != 0
    assert "--new" in refused.stderr
    told = verb(talk, "assign", "talk", mine, "旁白", "--only")
    assert [one["to"] for one in told["changes"]] == ["narrator"]


def test_the_rest_of_a_cut_quotation_goes_along() -> None:
    one = Line("a", 1, 1, 1, "dialogue", "甲", "“第一句，", confidence=0.9, why="tag-before")
    two = Line("b", 1, 2, 1, "dialogue", "甲", "第二句。”", confidence=0.9, why="tag-before")
    assert changed([one, two, line(5, "甲", 0.9)], "b", "乙") == {"a": "乙", "b": "乙"}


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    (tmp_path / "talk.yaml").write_text(CAST, encoding="utf-8")
    return tmp_path


def run(folder: Path) -> dict[str, object]:
    done = shuoshu("run", "talk.txt", "--cast", "talk.yaml", "--plain", "--workers", "1", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def verb(folder: Path, *words: str) -> dict[str, object]:
    done = shuoshu(*words, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_corrections_render_exactly_the_changed_lines_and_outlive_a_new_manuscript(talk: Path) -> None:
    assert run(talk)["rendered"]
    lines = {one.text: one for one in script.load(talk / "output/talk")}
    first = lines["“谁在那里？”"].id
    dry = verb(talk, "assign", "talk", first, "老王", "--dry-run")
    assert not dry["written"]
    assert run(talk)["rendered"] == 0
    told = verb(talk, "assign", "talk", first, "老王")
    now = {one.text: one.speaker for one in script.load(talk / "output/talk")}
    assert [one["to"] for one in told["changes"] if one["id"] == first] == ["老王"]
    voices = {one["id"] for one in told["changes"] if "老王" in (one["from"], one["to"])}
    assert run(talk)["rendered"] == len(voices), "only lines whose voice changed"
    verb(talk, "rename", "talk", "老王", "王掌柜")
    (talk / "talk.txt").write_text(TALK.replace("灯灭了", "忽然，灯灭了"), encoding="utf-8")
    run(talk)
    later = {one.text: one.speaker for one in script.load(talk / "output/talk")}
    assert {one: who.replace("王掌柜", "老王") for one, who in later.items() if one in now} == {
        one: who for one, who in now.items() if one in later
    }
    assert "老王" not in later.values()


def test_rename_merge_split_and_their_refusals(talk: Path) -> None:
    run(talk)
    told = verb(talk, "rename", "talk", "老王", "王掌柜")
    assert "talk.yaml, line 7" in told["cast"]
    assert "in place of 老王" in told["cast"]
    assert (talk / "talk.yaml").read_text(encoding="utf-8") == CAST, "the cast file is the user's"
    mine = [one.id for one in script.load(talk / "output/talk") if one.speaker == "王掌柜"]
    verb(talk, "split", "talk", "王掌柜", mine[0], "船夫")
    assert [one.id for one in script.load(talk / "output/talk") if one.speaker == "船夫"] == mine[:1]
    verb(talk, "merge", "talk", "船夫", "王掌柜")
    assert [one.id for one in script.load(talk / "output/talk") if one.speaker == "王掌柜"] == mine
    before = (talk / "output/talk/script.csv").read_bytes()
    for words, says in (
        (("assign", "talk", mine[0], "林碗"), "Did you mean 林晚?"),
        (("assign", "talk", "c01-nope", "林晚"), "no line has the id"),
        (("rename", "talk", "林晚", "王掌柜"), "in this book already"),
        (("rename", "talk", "林碗", "某"), "Did you mean 林晚?"),
        (("merge", "talk", "林晚", "林晚"), "one character already"),
        (("split", "talk", "林晚", mine[0], "某"), "is not 林晚's"),
        (("rename", "talk", "林晚", "某\n"), "line breaks"),
    ):
        done = shuoshu(*words, cwd=talk)
        assert done.returncode == 2, words
        assert says in done.stderr
    assert (talk / "output/talk/script.csv").read_bytes() == before


EMMA = {
    "Mr. Woodhouse": (), "Emma": ("Miss Woodhouse",), "Mr. Knightley": ("Knightley",), "Mr. John Knightley": (),
    "Mrs. Weston": ("Miss Taylor",), "Harriet": ("Harriet Smith",), "narrator": (), "unknown": (), "the old man": (),
}  # fmt: skip
LIN = {"林晚": ("小晚", "林姑娘"), "老王": ("王掌柜",), "沈行长": (), "方奶奶": ()}


@pytest.mark.parametrize(
    ("wrong", "people", "meant"),
    [
        ("Emma Woodhouse", EMMA, "Emma"), ("Miss Emma", EMMA, "Emma"), ("miss woodhouse", EMMA, "Emma"),
        ("Mrs. Woodhouse", EMMA, ""), ("Mr. Woodhose", EMMA, "Mr. Woodhouse"), ("George Knightley", EMMA, "Mr. Knightley"),
        ("Isabella Knightley", EMMA, ""), ("Miss Smith", EMMA, "Harriet"), ("Miss Tayler", EMMA, "Mrs. Weston"),
        ("Mr. Weston", EMMA, ""), ("narrater", EMMA, "narrator"), ("the old men", EMMA, "the old man"),
        ("林碗", LIN, "林晚"), ("晓晚", LIN, "林晚"), ("王大掌柜", LIN, "老王"), ("行长", LIN, "沈行长"), ("方爷爷", LIN, ""),
    ],
)  # fmt: skip
def test_a_wrong_name_suggests_who_is_meant_and_nobody_else(
    wrong: str, people: dict[str, tuple[str, ...]], meant: str
) -> None:
    assert nearest_person(wrong, people) == meant


ENGLISH = """Chapter 1

“Good morning,” said Emma Woodhouse.

“Good morning,” said Mr. Woodhouse.

“It rains,” said Emma Woodhouse. Emma smiled. Emma sat down.

“So it does,” said Mr. Woodhouse.
"""


def test_assign_knows_the_other_names_of_the_books_people(tmp_path: Path) -> None:
    (tmp_path / "e.txt").write_text(ENGLISH, encoding="utf-8")
    assert shuoshu("script", "e.txt", cwd=tmp_path).returncode == 0
    first = next(one for one in script.load(tmp_path / "output/e") if one.kind == "dialogue")
    assert first.speaker.startswith("Emma")
    for wrong in ("Miss Woodhouse", "Emma Woodhouze", "Emma"):
        done = shuoshu("assign", "e", first.id, wrong, cwd=tmp_path)
        assert (done.returncode, f"Did you mean {first.speaker}?" in done.stderr) == (2, True), done.stderr


def test_an_assignment_that_changes_nothing_says_so(talk: Path) -> None:
    assert shuoshu("script", "talk.txt", cwd=talk).returncode == 0
    lines = {one.text: one for one in script.load(talk / "output/talk")}
    one, two = lines["“你来了。”"], lines["“来了。”"]
    assert (one.speaker, two.speaker) == ("林晚", "老王")
    table = (talk / "output/talk/script.csv").read_bytes()
    assert "nothing needed changing" in shuoshu("assign", "talk", one.id, "林晚", cwd=talk).stdout
    assert "无需改动" in shuoshu("assign", "talk", one.id, "林晚", cwd=talk, SHUOSHU_LANG="zh").stdout
    assert (talk / "output/talk/script.csv").read_bytes() == table
    assert verb(talk, "assign", "talk", one.id, two.id, "林晚", "--only", "--dry-run")["unchanged"] == [one.id]
    both = shuoshu("assign", "talk", one.id, two.id, "林晚", "--only", cwd=talk).stdout
    assert "1 lines as told, 0 more that follow, 1 that had that speaker already" in both


def test_refusals_speak_chinese_to_the_chinese(talk: Path) -> None:
    assert shuoshu("script", "talk.txt", cwd=talk).returncode == 0
    mine = next(one.id for one in script.load(talk / "output/talk") if one.speaker == "林晚")
    for words, says in (
        (("assign", "talk", mine, "林碗"), ("书中没有人叫“林碗”。是不是“林晚”？", "会列出人名")),
        (("assign", "talk", "c01-nope", "林晚"), ("没有编号为 c01-nope 的行", "会列出各行")),
        (("rename", "talk", "林晚", "老王"), ("书中已经有“老王”", "合为一个")),
        (("merge", "talk", "林晚", "林晚"), ("本来就是一个角色", "给出两个名字")),
        (("split", "talk", "老王", mine, "某"), (f"{mine} 不是老王的，而是林晚的", "这个角色的行")),
        (("rename", "talk", "林晚", "某\n"), ("不能换行", "给出名字")),
        (("rename", "talk", "narrator", "某"), ("旁白没有别的名字", "单独的行")),
        (("review", "tolk"), ("没有“tolk”这本书。是不是“talk”？", "这里的书：talk")),
    ):
        error = shuoshu(*words, cwd=talk, SHUOSHU_LANG="zh").stderr
        assert all(one in error for one in says), error


def test_an_error_keeps_both_languages_on_its_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(ScriptError(Wording("no", "没有"), where="x", fix=Wording("do", "请做"))))
    assert (error.what, error.fix, error.where) == ("no", "do", "x")
    assert (error.what.chinese, copy.deepcopy(error.fix).chinese) == ("没有", "请做")
    assert json.loads(json.dumps([error.what])) == ["no"]


def test_review_and_report_show_what_is_in_doubt_and_escape_it(talk: Path) -> None:
    (talk / "talk.txt").write_text(
        TALK + "\n“<script>alert(1)</script>，重(xyz)新！他重(chóng新开始。”\n", encoding="utf-8"
    )
    assert shuoshu("script", "talk.txt", cwd=talk).returncode == 0
    told = verb(talk, "review", "talk")
    sure = [one["confidence"] for one in told["doubts"]]
    assert sure
    assert sure == sorted(sure)
    assert any("xyz" in text for one in told["readings"] for text in one["remarks"])
    assert any("重(chóng: the bracket" in text for one in told["readings"] for text in one["remarks"])
    assert {one["name"] for one in told["characters"]} >= {"林晚", "老王"}
    chinese = shuoshu("review", "talk", cwd=talk, SHUOSHU_LANG="zh").stdout
    assert all(one in chinese for one in ("说话人存疑", "重(chóng：注音的括号没有合上", "xyz 不是普通话音节"))
    path = talk / verb(talk, "report", "talk")["report"]
    html = path.read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert all(one in html for one in ("注音的括号没有合上", "the bracket of this reading is not closed"))
    assert "&lt;script&gt;alert(1)" in html
    assert "http:" not in html
    assert "https:" not in html
    assert "src=" not in html
    assert "default-src 'none'" in html


def test_a_long_letter_is_one_doubt() -> None:
    letter = [Line(f"c01-{at}", 1, at, 4, "letter", "unknown", f"Part {at}.", confidence=0.0) for at in range(1, 33)]
    other = Line("c01-99", 1, 33, 5, "dialogue", "林晚", "“好。”", confidence=0.3)
    found = review([*letter, other], "en")
    assert [(one.line.id, one.more) for one in found.doubts] == [("c01-99", 0), ("c01-1", 31)]
    assert found.doubtful == 33

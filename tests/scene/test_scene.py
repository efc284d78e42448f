"""A scene from one sentence: understood, cast, written down, and fitted to its length."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile

from pipeline import cast as cast_room
from pipeline.errors import ScriptError
from pipeline.nouns import NARRATOR
from pipeline.scene import brief as briefs
from pipeline.scene import voices, words
from pipeline.scene.brief import Role
from pipeline.scene.words import Said
from tests.conftest import shuoshu
from tests.servers import Handler, LocalServer, running

SEED = "生成三位角色对话,父亲沉稳、孩子调皮、旁白略带忧伤,总时长30秒"
LINES = """旁白：夜深了，院子里只剩下风声。
父亲：孩子，把灯关了，早点睡。
孩子（撒娇）：我不嘛，我还要听一个故事！
父亲（低声）：好，就讲一个。
他望着窗外，想起了很久以前的那个夜晚。
[孩子|惊讶] 爸爸，你怎么不说话了？
"""


@pytest.mark.parametrize(
    ("text", "roles", "seconds", "said"),
    [
        (SEED, [Role("父亲", "沉稳", "male"), Role("孩子", "调皮", "", "child"), Role(NARRATOR, "略带忧伤")], 30, 3),
        ("请写一段林晚有些生气、老王笑呵呵的对话，一分半", [Role("林晚", "有些生气"), Role("老王", "笑呵呵")], 90, 0),
        ("父亲和母亲，四十五秒", [Role("父亲", "", "male"), Role("母亲", "", "female")], 45, 0),
        ("父亲和母亲，一百二十秒", [Role("父亲", "", "male"), Role("母亲", "", "female")], 120, 0),
        ("父亲和母亲，2分30秒", [Role("父亲", "", "male"), Role("母亲", "", "female")], 150, 0),
        ("奶奶慈祥，小女孩好奇", [Role("奶奶", "慈祥", "female", "elder"), Role("小女孩", "好奇", "female", "child")], None, 0),
        ("A dialogue of a calm father, a mischievous child and a slightly sad narrator, 30 seconds in all.",
         [Role("Father", "calm", "male"), Role("Child", "mischievous", "", "child"), Role(NARRATOR, "slightly sad")], 30, 0),
        ("一个温柔的女人和一个暴躁的男人，半分钟", [Role("女人", "温柔", "female"), Role("男人", "暴躁", "male")], 30, 0),
        ("沉稳的父亲和调皮的孩子", [Role("父亲", "沉稳", "male"), Role("孩子", "调皮", "", "child")], None, 0),
        ("两姐妹吵架，姐姐泼辣，30秒", [Role("姐姐", "泼辣", "female"), Role("妹妹", "", "female", "young")], 30, 0),
        ("两个愤怒的男人", [Role("男人甲", "愤怒", "male"), Role("男人乙", "愤怒", "male")], None, 0),
        ("两个孩子的父亲沉稳，三个和尚", [Role("两个孩子的父亲", "沉稳"), *(Role(f"和尚{n}", "", "male") for n in "甲乙丙")], None, 0),
        ("第二个女人沉稳", [Role("第二个女人", "沉稳")], None, 0),
        ("Two cheerful sisters, half a minute", [Role("Sister-A", "cheerful", "female"), Role("Sister-B", "cheerful", "female")], 30, 0),
        ("Mary is angry, Tom cheerful. 2 minutes", [Role("Mary", "angry"), Role("Tom", "cheerful")], 120, 0),
    ],
)  # fmt: skip
def test_a_sentence_says_who_is_there_and_how_long(
    text: str, roles: list[Role], seconds: float | None, said: int
) -> None:
    brief = briefs.parse(text)
    assert (list(brief.roles), brief.seconds, brief.said) == (roles, seconds, said)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (SEED, 30),
        ("父亲十分沉稳、孩子调皮，总时长30秒", 30),
        ("父亲总是十分沉稳、孩子调皮", None),
        ("父亲十分沉稳，说三分之一的台词", None),
        ("父亲十分沉稳，总时长十分", 600),
        ("父亲和母亲，约三分", 180),
        ("父亲和母亲，共两分", 120),
        ("父亲和母亲，三分钟之内", 180),
        ("父亲和母亲，十分钟半", 630),
        ("父亲和母亲，五分三十秒", 330),
        ("父亲和母亲，一分零五秒", 65),
        ("父亲和母亲，2分", 120),
        ("父亲和母亲，30s的对话", 30),
        ("父亲停顿3秒再说话，孩子调皮，总时长30秒", 30),
        ("总时长30秒，父亲停顿3秒再说话", 30),
        ("30秒的总时长，父亲停顿3秒再说话", 30),
        ("一共两分钟，父亲停顿三秒再说话", 120),
        ("父亲停顿3秒再说话，孩子调皮，一分钟", 60),
        ("A tired father, a 1990s detective, 30 seconds", 30),
        ("A tired father and a 1990s detective", None),
        ("A tired father, a detective of the 90s", None),
        ("A calm father, a mischievous child, 30 secs", 30),
        ("A calm father, ninety seconds", 90),
        ("A calm father, a minute and a half", 90),
        ("Two and a half minutes, a calm father", 150),
        ("A calm father who laughs two seconds later", None),
        ("A calm father, a mischievous child, 2 mins", 120),
        ("A calm father, a mischievous child, 45s", 45),
        ("A 30-second dialogue of a calm father and a child", 30),
        ("A calm father and a child, 1 minute and 30 seconds", 90),
        ("A calm father and a child, 2 min 5 s", 125),
        ("A dialogue 30 seconds long, in which the calm father is silent for 2 seconds", 30),
        ("A scene lasting 2 minutes, the calm father waits 5 seconds, the child 10 seconds", 120),
        ("2 minutes in total with a pause of 5 seconds, a calm father", 120),
    ],
)
def test_the_length_is_the_one_that_is_said_of_the_whole(text: str, seconds: float | None) -> None:
    assert briefs.parse(text).seconds == seconds


def test_only_the_whole_scenes_length_is_taken_out_of_the_sentence() -> None:
    father, child = briefs.parse("父亲十分沉稳、孩子停顿3秒再说话，总时长30秒").roles
    assert (father.manner, child.manner) == ("十分沉稳", "停顿3秒再说话")
    [father] = briefs.parse("A 30 seconds long dialogue of a calm father").roles
    assert father.manner == "calm"


@pytest.mark.parametrize(
    ("text", "says"), [("", "names nobody"), ("今天天气很好", "names nobody"), ("父亲沉稳，9000秒", "cannot last"), ("父亲沉稳，0秒", "cannot last")]
)  # fmt: skip
def test_a_sentence_that_asks_for_no_scene_is_refused(text: str, says: str) -> None:
    with pytest.raises(ScriptError, match=says):
        briefs.parse(text)


def test_lines_are_read_as_people_write_them() -> None:
    brief = briefs.parse(SEED)
    said = words.pasted(LINES, brief, "lines.txt")
    assert [one.speaker for one in said] == [NARRATOR, "父亲", "孩子", "父亲", NARRATOR, "孩子"]
    assert said[3] == Said("父亲", "好，就讲一个。", "低声")
    manners = [words.spoken_manner(one, brief) for one in said]
    assert manners == ["略带忧伤", "沉稳", "调皮", "沉稳,低声", "略带忧伤", "惊讶"], (
        "a line's own feeling counts before its role's"
    )
    with pytest.raises(ScriptError, match="nobody in this scene is named '爸爸'") as error:
        words.pasted("父亲：好。\n爸爸：好。", brief, "lines.txt")
    assert error.value.where == "lines.txt, row 2"
    with pytest.raises(ScriptError, match="names nobody, and the scene has no narrator"):
        words.pasted("好。", briefs.parse("父亲沉稳"))
    with pytest.raises(ScriptError, match="no line"):
        words.pasted("\n \n", brief)


LIBRARY = """language: zh
narrator: {voice: teller}
voices:
  teller: {engine: espeak, variant: f2, about: 旁白}
  young: {engine: espeak, variant: m1, about: 青年男声，热烈}
  kind: {engine: espeak, variant: m3, about: 中年男声，低沉，沉稳}
  stern: {engine: espeak, variant: m7, about: 中年男声，严厉，愤怒}
  girl: {engine: espeak, variant: f4, about: 童声女孩，调皮}
  plain: {engine: espeak, variant: m8}
characters: {}
"""


def test_voices_are_chosen_by_what_they_are_like(tmp_path: Path) -> None:
    path = tmp_path / "library.yaml"
    path.write_text(LIBRARY, encoding="utf-8")
    library = cast_room.load(path)
    found = voices.matched(briefs.parse(SEED).roles, library, "zh")
    assert {name: voice.name for name, voice in found.items()} == {"父亲": "kind", "孩子": "girl", NARRATOR: "teller"}
    found = voices.matched(briefs.parse("父亲愤怒，哥哥热烈，母亲温柔").roles, library, "zh")
    assert (found["父亲"].name, found["哥哥"].name) == ("stern", "young")
    assert found["母亲"].name == "default:母亲", "no woman is in the library, and no man speaks for her"
    alike = [Role(f"男人{n}", "沉稳", "male") for n in range(5)]
    assert len({voice.name for voice in voices.matched(alike, library, "zh").values()}) == 5


def made(folder: Path, *options: str, **environment: str) -> Any:
    done = shuoshu("scene", SEED, "--plain", "--json", *options, cwd=folder, **environment)
    assert done.returncode == 0, done.stderr
    with (folder / "output/场景-父亲孩子/script.csv").open(encoding="utf-8-sig", newline="") as file:
        return json.loads(done.stdout), list(csv.DictReader(file))


def test_a_scene_of_pasted_lines_lasts_what_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text(LINES, encoding="utf-8")
    _, rows = made(tmp_path, "--lines", "lines.txt")
    assert [(row["speaker"], row["emotion"], row["delivery"]) for row in rows] == [
        ("narrator", "略带忧伤", ""), ("父亲", "沉稳", ""), ("孩子", "调皮", ""), ("父亲", "沉稳", "whisper"),
        ("narrator", "略带忧伤", ""), ("孩子", "惊讶", ""),
    ]  # fmt: skip
    track = next((tmp_path / "output").rglob("*.flac"), None) and next(
        (tmp_path / "output/场景-父亲孩子/chapters").glob("*.flac")
    )
    assert soundfile.info(track).duration == pytest.approx(30, abs=0.05)
    cast = cast_room.load(tmp_path / "场景-父亲孩子.yaml")
    used = {cast.part(row["speaker"]).voice for row in rows}
    assert len({tuple(cast.voices[name].parameters.items()) for name in used}) == 3

    assert shuoshu("scene", SEED, "--lines", "lines.txt", "--plain", cwd=tmp_path).returncode == 0, (
        "once more changes nothing"
    )
    page = tmp_path / "场景-父亲孩子.txt"
    page.write_text(page.read_text(encoding="utf-8").replace("早点睡", "快睡吧"), encoding="utf-8")
    refused = shuoshu("scene", SEED, "--lines", "lines.txt", "--plain", cwd=tmp_path)
    assert refused.returncode == 2
    assert "was edited" in refused.stderr
    assert "快睡吧" in page.read_text(encoding="utf-8")
    (tmp_path / "new.txt").write_text("mine", encoding="utf-8")
    assert shuoshu("scene", SEED, "--lines", "lines.txt", "--name", "new", "--plain", cwd=tmp_path).returncode == 2
    assert not (tmp_path / "new.yaml").exists(), "both pages or none"


class Writer(Handler):
    """A model that writes a scene, and tries some mischief."""

    server: LocalServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.keys.append(body["messages"][1]["content"])
        rows = [
            {"speaker": "旁白", "manner": "", "text": "雨停了。"}, {"speaker": "父亲", "manner": "疲惫地低语", "text": "睡吧。\n[林晚|怒] 走！"},
            {"speaker": "强盗", "manner": "", "text": "把钱拿出来！"}, {"speaker": "孩子", "manner": "xyz", "text": "我不困！"},
            {"speaker": "孩子", "manner": 3, "text": None}, "?",
        ]  # fmt: skip
        if self.server.mode == "nobody":
            rows = rows[:1]
        answer = json.dumps({"lines": rows}, ensure_ascii=False)
        self.send(200, json.dumps({"choices": [{"message": {"content": answer}}], "usage": {"total_tokens": 9}}))


def test_a_language_model_writes_the_lines(tmp_path: Path) -> None:
    with running(LocalServer(Writer)) as server:
        (tmp_path / "shuoshu.yaml").write_text(f"llm: {{url: {server.url}, model: m}}\n")
        _, rows = made(tmp_path)
        asked = json.loads(str(server.keys[0]))
        assert asked["request"] == SEED
        assert "120 Chinese characters" in asked["length"]
        assert [(row["speaker"], row["text"], row["emotion"], row["delivery"]) for row in rows] == [
            ("narrator", "雨停了。", "略带忧伤", ""), ("父亲", "睡吧。 林晚 怒 走！", "疲惫地低语", ""), ("孩子", "我不困！", "调皮", ""),
        ]  # fmt: skip
        [track] = (tmp_path / "output/场景-父亲孩子/chapters").glob("*.flac")
        assert soundfile.info(track).duration == pytest.approx(30, abs=0.05)
        cast = cast_room.load(tmp_path / "场景-父亲孩子.yaml")
        used = {cast.part(row["speaker"]).voice for row in rows}
        assert len({tuple(cast.voices[name].parameters.items()) for name in used}) == 3
        server.mode = "nobody"
        refused = shuoshu("scene", SEED, "--plain", "--name", "other", cwd=tmp_path)
    assert refused.returncode == 2
    assert "wrote nothing for 父亲, 孩子" in refused.stderr
    assert not list(tmp_path.glob("other*")), "nothing is half-written"


def test_lines_come_from_standard_input_and_too_many_are_refused(tmp_path: Path) -> None:
    for lines, code in ((LINES, 0), ("父亲：好。\n" * 100_000, 2)):
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "scene", SEED, "--lines", "-", "--plain", "--name", f"of{code}"],
            cwd=tmp_path, input=lines.encode(), capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr.decode()
        assert (tmp_path / f"of{code}.txt").exists() == (code == 0)


def test_without_a_model_and_without_lines_it_says_what_to_do(tmp_path: Path) -> None:
    done = shuoshu("scene", SEED, cwd=tmp_path, XDG_CONFIG_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "--lines FILE" in done.stderr
    assert not list(tmp_path.glob("*.txt"))


def test_lines_that_leave_most_of_the_time_silent_are_told(tmp_path: Path) -> None:
    (tmp_path / "few.txt").write_text("父亲：睡吧。\n孩子：好。\n", encoding="utf-8")
    made = shuoshu("scene", "父亲沉稳、孩子调皮，总时长30秒", "--lines", "few.txt", "--plain", "--json", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert any("the rest is silent" in one for one in told["remarks"]), told["remarks"]
    (tmp_path / "nobody.txt").write_text("睡吧。\n", encoding="utf-8")
    refused = shuoshu("scene", "父亲沉稳、孩子调皮，总时长30秒", "--lines", "nobody.txt", "--plain", cwd=tmp_path)
    assert (refused.returncode, "name a narrator" in refused.stderr) == (2, True), refused.stderr

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import ManuscriptError
from pipeline.manuscript import read

CHINESE = "《山中》 作者：无名\n\n第一章 风起\n\n山里的风很大。他说了很多话，大家都没有听见。\n这是一个很长的故事，我们慢慢地讲给你听。\n\n第二章 云涌\n\n云来了，又走了。\n"


def texts(book):
    return [[(p.kind, p.text) for p in chapter.paragraphs] for chapter in book.chapters]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_chinese_text_in_every_encoding_reads_the_same(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "山中.txt"
    path.write_bytes((CHINESE * 3).encode(encoding))
    book = read(path)
    assert "山里的风很大" in texts(book)[0][1][1]
    assert (book.title, book.author, book.language) == ("山中", "无名", "zh")
    assert book.encoding_certain or book.notes


def test_traditional_text_in_big5(tmp_path: Path) -> None:
    path = tmp_path / "山中.txt"
    text = "第一章 風起\n山裡的風很大。他說了很多話，大家都沒有聽見。這個時候，我們來到這裡。\n" * 5
    path.write_bytes(text.encode("big5"))
    book = read(path)
    assert book.encoding.startswith("big5")
    assert "大家都沒有聽見" in book.chapters[0].paragraphs[1].text


def test_the_user_may_name_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("第一章 雨\n下雨了。".encode("gb18030"))
    assert read(path, encoding="gb18030").chapters[0].title == "第一章 雨"
    with pytest.raises(ManuscriptError, match="is not utf-8"):
        read(path, encoding="utf-8")
    with pytest.raises(ManuscriptError, match="no encoding"):
        read(path, encoding="klingon")


@pytest.mark.parametrize(
    ("line", "is_heading"),
    [
        ("第一章 雨夜来客", True), ("第十二回　贾雨村夤缘复旧职", True), ("第３节", True), ("楔子", True), ("序章", True),
        ("番外 小满的一天", True), ("尾声", True), ("Chapter 12", True), ("CHAPTER IV. The Storm", True),
        ("Chapter Twenty-One: Home", True), ("Prologue", True), ("Part the First", True), ("EPILOGUE", True),
        ("第三章我还没看完，就睡着了。", False), ("第一次见面的时候", False), ("Chapter and verse were quoted.", False),
        ("Part of me wanted to go", False), ("序言里说的都是真的。", False),
    ],
)  # fmt: skip
def test_what_a_heading_looks_like(tmp_path: Path, line: str, is_heading: bool) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"前面的话在这里，还有很多。\n\n{line}\n\n后面的话在这里，还有很多。\n", encoding="utf-8")
    titles = [chapter.title for chapter in read(path).chapters]
    assert (" ".join(line.split()) in titles) == is_heading


def test_volumes_join_their_chapters_and_contents_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "第一章 起\n第二章 承\n\n第一卷 风\n第一章 起\n风起了。\n第二章 承\n风大了。\n第二卷 云\n卷首有一段话。\n第三章 转\n云来了。\n",
        encoding="utf-8",
    )
    book = read(path)
    assert [chapter.title for chapter in book.chapters] == [
        "第一卷 风 · 第一章 起",
        "第二章 承",
        "第二卷 云",
        "第三章 转",
    ]
    assert [part.why for part in book.skipped] == ["table of contents"]


def test_a_pattern_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("== one ==\nText.\n== two ==\nMore.\n", encoding="utf-8")
    assert [chapter.title for chapter in read(path, chapter_pattern="^==").chapters] == ["== one ==", "== two =="]
    with pytest.raises(ManuscriptError, match="regular expression"):
        read(path, chapter_pattern="(")


def test_wrapped_english_paragraphs_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "CHAPTER I\nThe Storm\n\nIt was a dark\nand stormy night.\n\nThe end\nwas near.\n\n* * *\n\nAfter.\n"
    )
    book = read(path)
    assert texts(book) == [
        [("heading", "CHAPTER I The Storm"), ("body", "It was a dark and stormy night."), ("body", "The end was near."),
         ("break", "* * *"), ("body", "After.")]
    ]  # fmt: skip


def test_gutenberg_header_and_licence_are_skipped_and_listed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "Title: A Tale\nAuthor: N. N.\n\n*** START OF THE PROJECT GUTENBERG EBOOK A TALE ***\n\nChapter 1\n\nOnce.\n\n"
        "*** END OF THE PROJECT GUTENBERG EBOOK A TALE ***\nLicence.\n"
    )
    book = read(path)
    assert (book.title, book.author) == ("A Tale", "N. N.")
    assert texts(book) == [[("heading", "Chapter 1"), ("body", "Once.")]]
    assert {part.title for part in book.skipped} == {"Project Gutenberg header", "Project Gutenberg licence"}


def test_a_text_without_chapters_is_one_chapter(tmp_path: Path) -> None:
    path = tmp_path / "story.txt"
    path.write_text("Only this.\n\nAnd this.\n")
    book = read(path)
    assert [(chapter.number, chapter.title) for chapter in book.chapters] == [(1, "story")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(
            st.characters(exclude_categories=("Cs", "Cc", "Cf", "Cn", "Co", "Mn"), exclude_characters="\ufffd"),
            max_size=60,
        ),
        max_size=20,
    )
)
def test_no_character_of_a_text_is_lost(tmp_path: Path, lines: list[str]) -> None:
    """But for U+FFFD, which says that a text was broken before: one that is full of them is refused."""
    import unicodedata

    text = "\n".join(lines)
    path = tmp_path / "a.txt"
    path.write_text("字" + text, encoding="utf-8", newline="")
    book = read(path, include_matter=True)
    kept = "".join(p.text for chapter in book.chapters for p in chapter.paragraphs)
    dropped = sum(part.characters for part in book.skipped)
    whole = "".join(unicodedata.normalize("NFC", "字" + text).split())
    assert "".join(kept.split()) == whole or len("".join(kept.split())) + dropped >= len(whole)

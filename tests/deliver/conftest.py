"""A small real book, shared by all tests of deliverables."""

from pathlib import Path

import pytest

from pipeline.deliver.book import FinishedBook
from tests.deliver.producing import produced

TEXT = """第一章 雨夜

长安城下了三天的雨。林晚推开门，低声说：“你终于来了。”

“路不好走。”老王抖了抖伞，“信在这里，一封也没丢。”

***

灯灭了。两个人谁也没有说话。

第二章 天亮

天亮的时候，雨停了。“走吧，”林晚说，“去城南。”

老王点点头：“好。”
"""


@pytest.fixture(scope="session")
def novel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manuscript."""
    path = tmp_path_factory.mktemp("manuscript") / "雨夜.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def finished(novel: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedBook:
    """Two mastered chapters (flac, mp3, m4a) of a dozen lines and three speakers; shared, so do not change its files."""
    return produced(novel, tmp_path_factory.mktemp("output"))

"""``words.json``: when every word of the book sounds, as the engine told."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.subtitles import opened
from pipeline.deliver.word_times import heard


def write(book: FinishedBook) -> list[Path]:
    """Every line with its words as they are spoken (in Chinese one a character; numbers in words) and their seconds in the
    joined book, four decimals; `words` is empty where the engine tells none.

    Raises MasteringError for a take that is gone, BookFolderError for a full disk.
    """
    path, rate = book.path(".words.json"), book.masters[0].sample_rate
    with opened(path) as file:
        head = {"title": book.record.title, "seconds": round(book.frames / rate, 4)}
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "lines": [')
        between = "\n"
        for master, timeline, first in book.timelines():
            for one in timeline.segments:
                start, end = (first + one.start) / rate, (first + one.end) / rate
                words = [
                    {
                        "text": word.text, "start": round(min(start + word.start, end), 4),
                        "end": round(min(start + word.end, end), 4),
                    }
                    for word in heard(book, one)
                ]  # fmt: skip
                line = {
                    "id": one.line_id, "chapter": master.chapter, "speaker": one.speaker, "start": round(start, 4),
                    "end": round(end, 4), "text": one.text, "words": words,
                }  # fmt: skip
                file.write(between + json.dumps(line, ensure_ascii=False))
                between = ",\n"
        file.write("\n]}\n")
    return [path]

"""A book as one archive: its folder with takes, its manuscript, its cast file with the clips it names; and back.

In the archive, first ``manifest.json`` (every file's size and SHA-256), then the book's folder as it is, but for: the take
index, which goes as a journal and as a list of choices (`takes.journal`), and ``source/``, where manuscript and cast lie.
"""

from pipeline.exchange.exporting import export_book
from pipeline.exchange.importing import import_book
from pipeline.exchange.parcel import Exchanged

__all__ = ["Exchanged", "export_book", "import_book"]

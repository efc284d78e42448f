"""Read-along: an EPUB 3 whose sentences light up as they are spoken (EPUB 3.3, §9 Media Overlays).

`write` makes the file; `lines` knows which line is said where; `spans` finds its words in a document and puts them into an
element with an id; `overlay` is the SMIL. `package`, `metadata`, `navigation`, `naming` and `upgrade` make an EPUB 3 of an
EPUB 2, `harmless` takes out what a stranger's book may not do, and `plain` is the EPUB of a manuscript that is none.
"""

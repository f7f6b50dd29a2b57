"""A patch as a page shows it: numbered, the changed words marked, what deceives written out."""

from __future__ import annotations

import random
import time

from scopecraft.web.patch import FilePatch, Piece, file_patches
from scopecraft.web.word_marks import word_marks

HEAD = b"diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n"


def one(body: bytes, most: int = 100) -> FilePatch:
    (found,) = file_patches([HEAD, body], most)
    return found


def test_lines_have_their_numbers_in_both_states() -> None:
    patch = one(b"@@ -3,3 +3,4 @@ def f():\n same\n-old\n+new\n+more\n end\n\\ No newline at end of file\n")
    assert [(row.kind, row.old, row.new, row.text) for row in patch.rows] == [
        ("hunk", 3, 3, "def f():"),
        ("same", 3, 3, "same"),
        ("removed", 4, None, "old"),
        ("added", None, 4, "new"),
        ("added", None, 5, "more"),
        ("same", 5, 6, "end"),
        ("note", None, None, "No newline at end of file"),
    ]


def test_lines_that_look_like_a_patch_are_lines() -> None:
    patch = one(b"@@ -1,2 +1,2 @@\n--- a/secret\n+++ b/secret\n+diff --git a/y b/y\n \n")
    assert [row.text for row in patch.rows[1:]] == ["-- a/secret", "++ b/secret", "diff --git a/y b/y", ""]


def test_each_file_is_apart_and_one_without_lines_is_empty() -> None:
    binary = b"diff --git a/y b/y\nBinary files a/y and b/y differ\n"
    first, second, third = file_patches([HEAD + b"@@ -1 +1 @@\n-a\n+b\n" + binary + HEAD, b"@@ -1 +1 @@\n-c\n"], 100)
    assert [len(patch.rows) for patch in (first, second, third)] == [3, 0, 2]


def test_a_long_patch_is_cut_and_says_so_without_being_read_to_its_end() -> None:
    def endless():  # type: ignore[no-untyped-def]
        yield HEAD + b"@@ -1,0 +1,9 @@\n"
        while True:
            yield b"+line\n"

    patch = next(file_patches(endless(), 50))
    assert patch.has_more and len(patch.rows) == 50


def test_changed_words_are_marked_where_the_lines_have_something_in_common() -> None:
    old, new = word_marks("return limit(a, 10)", "return limit(b, 10)")
    assert (old, new) == (((13, 14),), ((13, 14),))
    assert word_marks("something else", "1 + 2 == 3") == ((), ())
    patch = one(b"@@ -1 +1 @@\n-x = 1\n+x = 2\n")
    assert patch.rows[2].pieces == [Piece("x = "), Piece("2", "word")]


def test_trojan_source_is_seen() -> None:
    patch = one("@@ -1 +1 @@\n-if admin:\n+if admin:  # \u202e check \u2066\x1b\n".encode())
    assert patch.has_odd
    assert [piece.text for piece in patch.rows[2].pieces if piece.mark == "odd"] == ["\\u202e", "\\u2066", "\\x1b"]
    assert not one(b"@@ -1 +1 @@\n-a\\u202e\n+b\n").has_odd  # somebody wrote about it


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert one(b"@@ -0,0 +1 @@\n+caf\xe9 \xed\xa0\x80\n").rows[1].pieces[1].mark == "odd"


def test_line_ends_of_a_whole_file_are_no_news() -> None:
    assert one(b"@@ -1 +1 @@\n-a\r\n+b\r\n").rows[1].text == "a"
    assert one(b"@@ -1 +1 @@\n-a\n+b\r\n").rows[2].text == "b\r"


def test_no_line_keeps_the_server_busy() -> None:
    chosen = random.Random(1)
    lines = [b"".join(chosen.choice((b"( ", b") ", b"a ")) for _ in range(300)) for _ in range(2000)]
    body = b"@@ -1,1000 +1,1000 @@\n" + b"".join(b"-%s\n" % line for line in lines[:1000])
    began = time.process_time()
    one(body + b"".join(b"+%s\n" % line for line in lines[1000:]), 5000)
    assert time.process_time() - began < 5

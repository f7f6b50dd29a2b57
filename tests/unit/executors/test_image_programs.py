"""Programs on their way into an image: where they will stand, and that nothing of this machine goes along."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from scopecraft.executors.image_programs import ImageProgram, own_program, write_context


def packed(*programs: ImageProgram) -> tarfile.TarFile:
    context = io.BytesIO()
    write_context(context, "FROM x\n", programs)
    context.seek(0)
    return tarfile.open(fileobj=context)


def test_a_program_of_ones_own_stands_on_the_search_path_and_can_be_run(tmp_path: Path) -> None:
    file = tmp_path / "my claude"
    file.write_bytes(b"x")
    file.chmod(0o600)
    entry = packed(own_program("claude", file)).getmember("claude/usr/local/bin/claude")
    assert (entry.mode, entry.uid, entry.uname, entry.mtime) == (0o755, 0, "", 0)


def test_a_release_of_many_files_stands_apart_with_a_link_on_the_search_path(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    for name, mode in (("gemini.js", 0o700), ("words.txt", 0o640)):
        (tmp_path / "bundle" / name).write_text(name)
        (tmp_path / "bundle" / name).chmod(mode)
    links = {"usr/local/bin/gemini": "/opt/gemini/bundle/gemini.js"}
    context = packed(ImageProgram("gemini", {"opt/gemini/bundle": tmp_path / "bundle"}, links))
    modes = {entry.name: entry.mode for entry in context if entry.name.startswith("gemini/opt")}
    assert modes == {
        "gemini/opt/gemini/bundle": 0o755,
        "gemini/opt/gemini/bundle/gemini.js": 0o755,
        "gemini/opt/gemini/bundle/words.txt": 0o644,
    }
    link = context.getmember("gemini/usr/local/bin/gemini")
    assert (link.issym(), link.linkname) == (True, "/opt/gemini/bundle/gemini.js")


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        for name in ("a", "b", "c"):
            (tmp_path / folder / name).write_text(name)
    contexts = []
    for folder in ("one", "two"):
        context = io.BytesIO()
        write_context(context, "FROM x\n", [ImageProgram("p", {"opt/p": tmp_path / folder})])
        contexts.append(context.getvalue())
    assert contexts[0] == contexts[1]

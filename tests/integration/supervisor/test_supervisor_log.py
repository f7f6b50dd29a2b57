from __future__ import annotations

import logging
import os
import stat
import threading
from pathlib import Path

import pytest

from scopecraft.config.paths import Home
from scopecraft.supervisor import log


def test_the_log_is_private_of_limited_size_and_safe_to_show(clean_environment: Path) -> None:
    logger = logging.getLogger("scopecraft.test")
    with log.logging_to(Home(clean_environment)):
        for number in range(1300):
            logger.info("%d %s", number, "x" * 10_000)
        logger.error("an agent said \x1b[2J")
        logging.getLogger("docker").info("not ours")
    files = sorted(clean_environment.glob(f"{log.LOG}*"))
    assert [file.name for file in files] == [log.LOG, f"{log.LOG}.1", f"{log.LOG}.2"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert sum(file.stat().st_size for file in files) <= 3 * log.MAX_BYTES
    *_, before, last = log.last_lines(files[0], 10)
    assert before.endswith("x")
    assert last.endswith("ERROR   an agent said \\x1b[2J")


def test_the_fault_of_a_thread_is_in_the_log(clean_environment: Path) -> None:
    with log.logging_to(Home(clean_environment)):
        thread = threading.Thread(target=lambda: [][0], name="duty")
        thread.start()
        thread.join()
    text = (clean_environment / log.LOG).read_text()
    assert "thread duty ended by a fault" in text
    assert "IndexError" in text


@pytest.mark.parametrize("after", [0, 6])
def test_the_last_lines_begin_where_the_caller_says(clean_environment: Path, after: int) -> None:
    path = clean_environment / "a.log"
    path.write_text("first\nsecond\nthird\n")
    assert log.last_lines(path, 5, after=after) == ["first", "second", "third"][after // 6 :]
    assert log.last_lines(path, 1, after=after) == ["third"]
    # a smaller file is a new one
    assert log.last_lines(path, 5, after=10_000) == ["first", "second", "third"]
    assert log.last_lines(path.with_name(os.devnull[5:]), 5) == []

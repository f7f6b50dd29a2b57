"""A hundred missions in one batch, with whoever feeds them killed again and again: the cap is kept, and all finish."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.batches import batch_file, missions, most_at_once, quick_agent, rows
from tests.support.played import Shop, check_invariants, kill_after, opened_shop
from tests.support.supervisors import running_supervisor
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

SEED = 34


def test_a_hundred_missions_keep_the_cap_and_finish(
    clean_environment: Path, engine: DockerClient, agent_image: str, full: bool
) -> None:
    count, kills = (100, 8) if full else (6, 1)
    chance = random.Random(SEED)
    with opened_shop(clean_environment / "shop", engine) as shop:
        quick_agent(shop)
        file = batch_file(shop, rows(count))
        began = time.monotonic()
        for number in range(kills):
            with running_supervisor() as supervisor:
                kill_after(shop.begin("batch", str(file), "--watch"), chance.uniform(0.3, 4))
                _wait_done(shop, count * number // (2 * kills))
                supervisor.kill()
        with running_supervisor():
            assert shop.sc("batch", str(file)).code == 0
            _wait_done(shop, count)
        took = time.monotonic() - began
        told = json.loads(shop.sc("batch", "--json").out)
        assert [each["counts"] for each in told] == [{"waiting_code_review": count}]
        assert missions(shop) == {"waiting_code_review": count}
        running, waiting = most_at_once(shop)
        assert running <= 3
        # and two whom the killed had not put in line yet, or had taken out of it
        assert waiting <= 10 + 2
        assert [len(shop.commits(f"feature/task-{number}")) for number in range(count)] == [1] * count
        check_invariants(shop)
        print(f"{count} missions in {took:.0f} s over {kills} kills; {running} ran, {waiting} waited at most")


def _wait_done(shop: Shop, count: int) -> None:
    until(lambda: missions(shop)["waiting_code_review"] >= count, 1200, every=0.1, what=f"{count} missions")

"""Keys that are known never stand in what scopecraft writes itself; and a start that fails leaves none behind."""

from __future__ import annotations

import os

import pytest

from tests.support.played import STARTED, Shop

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.image]

FROM_FILE = "sk-in-the-file-0123456789"
FROM_ENVIRONMENT = "sk-in-the-environment-9876543210"
SETTINGS = '[agents.plain]\ndialect = "plain"\npass_env = ["MY_KEY", "MY_TOKEN"]\n'
LEAK = 'echo "bad key $MY_KEY and $MY_TOKEN" >&2'


@pytest.fixture
def shop_with_keys(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop.home.settings_file.write_text(SETTINGS)
    shop.home.secrets_file.write_text(f"MY_KEY={FROM_FILE}\n")
    shop.home.secrets_file.chmod(0o600)
    monkeypatch.setenv("MY_TOKEN", FROM_ENVIRONMENT)
    return shop


def places_of(shop: Shop, *secrets: str) -> list[str]:
    """Files of the home that hold one of them, but for the person's own and what the agent itself wrote."""
    root = shop.home.root
    own = {shop.home.secrets_file}
    found = []
    for file in root.rglob("*"):
        if file.is_file() and file not in own and file.name not in ("stream.jsonl", "stderr.log"):
            content = file.read_bytes()
            found += [str(file.relative_to(root)) for secret in secrets if secret.encode() in content]
    return found


def test_a_key_in_an_agents_complaint_is_blotted_out_of_outcome_journal_metadata_and_mission(
    shop_with_keys: Shop,
) -> None:
    shop = shop_with_keys
    said = shop.run("fix-login", f"{STARTED}; {LEAK}; exit 1", "--follow")
    assert said.code == 1
    session = shop.session("fix-login")
    assert FROM_FILE in (shop.path(session.id) / "stderr.log").read_text()
    reason = shop.outcome("fix-login")["reason"]
    assert reason == "Agent exited with code 1: bad key [secret MY_KEY] and [secret MY_TOKEN]"
    assert shop.mission("fix-login")["last_error"] == reason
    assert places_of(shop, FROM_FILE, FROM_ENVIRONMENT) == []
    assert FROM_FILE not in said.out + said.err
    assert FROM_ENVIRONMENT not in said.out + said.err


def test_a_key_at_the_place_where_a_text_is_cut_is_blotted_out_too(shop_with_keys: Shop) -> None:
    shop = shop_with_keys
    script = 'printf "%s" "$MY_KEY" >&2; head -c 290 /dev/zero | tr "\\0" x >&2; exit 1'
    assert shop.run("fix-login", script, "--follow").code == 1
    assert FROM_FILE[-8:] not in shop.outcome("fix-login")["reason"]
    assert places_of(shop, FROM_FILE[-8:]) == []


def test_a_key_on_the_screen_of_a_window_is_blotted_out(shop_with_keys: Shop) -> None:
    shop = shop_with_keys
    said = shop.dispatch("fix-login", f"{LEAK}; exit 1")
    assert said.code == 1
    assert "[secret MY_KEY]" in said.err
    assert FROM_FILE not in said.err + said.out + shop.sc("show", "fix-login").out
    assert places_of(shop, FROM_FILE, FROM_ENVIRONMENT) == []


def test_damaged_settings_do_not_let_keys_out_nor_keep_a_session_from_ending(shop_with_keys: Shop) -> None:
    shop = shop_with_keys
    session_id = shop.run("fix-login", f"{LEAK}; exit 1").out.strip()
    shop.wait_over(session_id)
    shop.home.settings_file.write_text("][")
    assert shop.outcome("fix-login")["kind"] == "failed"
    assert places_of(shop, FROM_FILE) == []


@pytest.mark.parametrize("file", ["secrets/env", "launch"])
def test_a_start_that_fails_leaves_no_key(shop_with_keys: Shop, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = shop_with_keys
    if file == "launch":
        monkeypatch.setenv("TMUX_TMPDIR", "/nowhere")
        monkeypatch.setenv("PATH", _path_with_failing_tmux(shop))
        said = shop.dispatch("fix-login", "sleep 600")
    else:
        shop.home.settings_file.write_text(SETTINGS + '[container]\nnetwork = "no-such-network"\n')
        said = shop.run("fix-login", "sleep 600")
    assert said.code == 1, said.err
    assert shop.outcome("fix-login")["kind"] == "failed"
    assert not (shop.path(shop.session("fix-login").id) / file / "env").exists()
    assert places_of(shop, FROM_FILE, FROM_ENVIRONMENT) == []


def _path_with_failing_tmux(shop: Shop) -> str:
    """A tmux that tells its version and opens no window."""
    folder = shop.folder.parent / "bin"
    folder.mkdir()
    program = folder / "tmux"
    program.write_text(
        '#!/bin/sh\n[ "$1" = -V ] && { echo tmux 3.3a; exit; }\necho "no server running on x" >&2; exit 1\n'
    )
    program.chmod(0o755)
    return os.pathsep.join([str(folder), os.environ["PATH"]])

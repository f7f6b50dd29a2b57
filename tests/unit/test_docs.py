"""What the pages say is so: commands exist, links lead somewhere, examples are valid, made pages are up to date."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import click
import pytest

from scopecraft.cli.commands import COMMANDS
from scopecraft.cli.main import sc
from scopecraft.config.layers import load_settings
from scopecraft.config.paths import Home
from tests.support import commands_page, settings_page
from tests.support.documents import PAGES, ROOT, blocks, commands, links

# Hosts that may be named: nobody's, our own machine, and those in the picture's own format.
# The last one is no address: every pointer of git-lfs begins with it.
HARMLESS_HOSTS = re.compile(
    r"(.*\.)?example(\.(com|org|net))?|127\.0\.0\.1|localhost|www\.w3\.org|www\.textualize\.io|git-lfs\.github\.com|"
    r"json-schema\.org|"  # names a dialect of JSON Schema; nobody asks it
    r"(api\.)?github\.com"  # `sc pr` speaks to it
)
URL = re.compile(r"https?://(?:[^\s/@\"'`<>)\]{}]*@)?([A-Za-z0-9.-]+\.[A-Za-z0-9-]+|localhost)")
AS_THEY_CAME = ("tests/data", "scopecraft/web/static/vendor/LICENSES.txt")  # words of others
# Not under version control, or recorded as it came.
SKIPPED = ("__pycache__", "build", "dist")
BINARY = frozenset({".db", ".png", ".pyc"})


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def wrong_words(words: list[str]) -> str | None:
    """What `sc` would complain about in these words; nothing is run."""
    context: click.Context = click.Context(sc, info_name="sc")
    command: click.Command = sc
    while isinstance(command, click.Group):
        if not words or words[0].startswith("-"):
            break
        name, *words = words
        if name.isupper():  # `sc COMMAND --help`
            return None
        found = command.get_command(context, name)
        if found is None:
            return f"no command {name!r}"
        command, context = found, click.Context(found, info_name=name, parent=context)
    try:
        command.make_parser(context).parse_args(args=list(words))
    except click.UsageError as error:
        return error.format_message()
    return None


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_command_that_a_page_shows_exists_with_its_options(page: Path) -> None:
    wrong = {" ".join(words): wrong_words(words) for words in commands(page.read_text(encoding="utf-8"))}
    assert {words: why for words, why in wrong.items() if why} == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("```sh\nsc rum fix -m 'x'\n```\n", "no command"),
        ("```sh\ncd x && sc run fix --mesage 'x'\n```\n", "No such option"),
        ("see `sc ls --al`", "No such option"),
        ('```sh\ncd "$(sc pth fix)"\n```\n', "no command"),
        ("```sh\nsc image biuld\n```\n", "no command"),
    ],
)
def test_a_command_that_is_none_is_seen(text: str, why: str) -> None:
    assert why in str([wrong_words(words) for words in commands(text)])


def test_the_readme_names_every_command() -> None:
    named = {words[0] for words in commands((ROOT / "README.md").read_text(encoding="utf-8")) if words}
    assert set(COMMANDS) <= named


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    targets = [link.partition("#")[0] for link in links(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_settings_in_a_page_can_be_used(page: Path, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.config.mkdir()
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "toml":
            assert tomllib.loads(block.text)
            home.settings_file.write_text(block.text, encoding="utf-8")
            load_settings(home)


def test_the_settings_page_is_what_the_settings_say() -> None:
    page = settings_page.PAGE
    made = settings_page.settings_page()
    assert (ROOT / page).read_text(encoding="utf-8") == made, f"python -m tests.support.settings_page > {page}"


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    page = commands_page.PAGE
    made = commands_page.commands_page()
    assert (ROOT / page).read_text(encoding="utf-8") == made, f"python -m tests.support.commands_page > {page}"


def test_every_setting_has_its_meaning_below_it() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| .* \| (.*) \|$", settings_page.settings_page(), re.MULTILINE)
    assert len(rows) > 20
    assert [name for name, meaning in rows if not meaning] == []


def test_every_decision_says_why_and_what_it_costs() -> None:
    pages = sorted(ROOT.glob("docs/decisions/[0-9]*.md"))
    contents = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Choice", "Why", "Cost"], page.name
        assert f"({page.name})" in contents, f"{page.name} is not in the list"


def test_the_project_stands_alone() -> None:
    """It names no folder beside it, no place on the machine that it was written on, no address of a registry."""
    outside = "../" + "shared"
    found = []
    for file in _files(ROOT):
        text = file.read_text(encoding="utf-8", errors="replace")
        hosts = {host for host in URL.findall(text) if not HARMLESS_HOSTS.fullmatch(host)}
        signs = {sign for sign in (outside, f"{ROOT}/") if sign in text}
        if signs or (hosts and not relative(file).startswith(AS_THEY_CAME)):
            found.append(f"{relative(file)}: {', '.join(sorted(signs | hosts))}")
    assert found == []


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for entry in folder.iterdir():
        if entry.name in SKIPPED or (entry.name.startswith(".") and entry.name != ".ci"):
            continue
        if entry.is_dir() and not entry.is_symlink():
            found += _files(entry)
        elif entry.is_file() and entry.suffix not in BINARY:
            found.append(entry)
    return found

"""Task names, slugs and suffixes, in any script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopecraft.errors import BadName
from scopecraft.model.naming import (
    SLUG_BYTES,
    TITLE_CHARACTERS,
    branch_name,
    check_artifact_name,
    check_title,
    slug_of,
    suffix_of,
)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Fix the login page", "fix-the-login-page"),
        ("implement-auth-05A", "implement-auth-05A"),
        ("Implement auth 05A", "implement-auth-05A"),
        ("Implement auth 05a", "implement-auth-05a"),
        ("05A", "05A"),
        ("two 05A suffixes 06B", "two-05a-suffixes-06B"),
        ("a.b:c*d?e~f^g[h@{i", "a-b-c-d-e-f-g-h-i"),
        ("--force -rf", "force-rf"),
        ("snake_case stays", "snake_case-stays"),
        ("__init__", "init"),
        ("Größe ändern", "größe-ändern"),
        ("Gro\u0308ße", "größe"),
        ("İstanbul", unicodedata.normalize("NFC", "i\u0307stanbul")),
        ("ΟΔΟΣ", "οδος"),
        ("修正 登录", "修正-登录"),
        ("로그인 고치기", "로그인-고치기"),
        ("إصلاح الدخول", "إصلاح-الدخول"),
        ("लॉगिन ठीक करो", "लॉगिन-ठीक-करो"),
        ("می\u200cخواهم", "میخواهم"),
        ("ภาษา\u200bไทย", "ภาษา-ไทย"),
        ("soft\u00adhyphen", "softhyphen"),
        ("🚀 launch ✈\ufe0f", "launch"),
        ("1\ufe0f\u20e3 first", "1-first"),
        ("\u0301accent on nothing", "accent-on-nothing"),
    ],
)
def test_a_title_becomes_a_slug(title: str, slug: str) -> None:
    assert slug_of(title) == slug


@pytest.mark.parametrize("title", ["🚀", "❤\ufe0f ✈\ufe0f", "!!!", "...", "---", "___", "\u3164\u115f", "\u0301", ""])
def test_a_title_without_letter_or_digit_has_no_slug(title: str) -> None:
    assert slug_of(title) == ""


@given(st.text(st.characters(), max_size=TITLE_CHARACTERS))
def test_any_text_gives_a_slug_of_visible_characters_that_fits_a_file_name(title: str) -> None:
    slug = slug_of(title)
    assert len(slug.encode()) <= SLUG_BYTES
    assert not slug.startswith(("-", "_", ".")) and not slug.endswith(("-", "_", "."))
    assert all(c in "-_" or unicodedata.category(c)[0] in "LNM" for c in slug)
    assert unicodedata.is_normalized("NFC", slug)
    assert slug == "" or unicodedata.category(slug[0])[0] in "LN"


@given(st.text(max_size=TITLE_CHARACTERS))
def test_the_slug_of_a_slug_is_the_same(title: str) -> None:
    assert slug_of(slug_of(title)) == slug_of(title)


@given(st.text(max_size=TITLE_CHARACTERS), st.sampled_from(["05A", "1B", "1234ZZ"]))
def test_a_suffix_survives_however_long_the_title(title: str, suffix: str) -> None:
    slug = slug_of(f"{title} {suffix}")
    assert suffix_of(slug) == suffix
    assert len(slug.encode()) <= SLUG_BYTES


def test_a_long_title_is_cut_between_characters() -> None:
    assert slug_of("界" * 100) == "界" * 26
    assert slug_of("界" * 100 + " 05A") == "界" * 25 + "-05A"
    assert slug_of("a" * 78 + " cut at the dash") == "a" * 78
    assert slug_of("a" * 77 + "__cut at the underscore") == "a" * 77


@pytest.mark.parametrize(
    ("slug", "suffix"),
    [
        ("implement-auth-05A", "05A"),
        ("review-auth-05A", "05A"),
        ("05A", "05A"),
        ("x-1234AB", "1234AB"),
        ("x-12345A", None),
        ("x-05ABC", None),
        ("x-05a", None),
        ("x05A", None),
        ("x-05A-more", None),
        ("x-05A\n", None),
        ("x-٠٥A", None),
        ("", None),
    ],
)
def test_a_suffix_is_digits_and_capitals_at_the_end(slug: str, suffix: str | None) -> None:
    assert suffix_of(slug) == suffix


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "a/b",
        "../x",
        "a..b",
        "a\\b",
        "a\x1b[2Jb",
        "a\nb",
        "a\x00b",
        "a\x9bb",
        "a\u2028b",
        "a\udcffb",
        "a\uffffb",
        "x" * (TITLE_CHARACTERS + 1),
    ],
)
def test_a_name_that_cannot_name_a_task_is_refused_with_a_hint(name: str) -> None:
    with pytest.raises(BadName) as refused:
        check_title(name)
    assert refused.value.hint
    assert all(c.isprintable() for c in refused.value.message)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("  fix   the login ", "fix the login"),
        ("修正 🚀", "修正 🚀"),
        ("תיקון\u200f הכניסה", "תיקון\u200f הכניסה"),
        ("x" * TITLE_CHARACTERS, "x" * TITLE_CHARACTERS),
    ],
)
def test_a_name_in_any_script_is_a_title(name: str, title: str) -> None:
    assert check_title(name) == title


def test_a_branch_is_made_from_a_template() -> None:
    assert branch_name("{type}/{slug}", type_="fix", slug="login-05A") == "fix/login-05A"
    assert branch_name("agents/{slug}", type_="fix", slug="login") == "agents/login"


@pytest.mark.parametrize(
    "name",
    [
        "plan.md",
        "raw-input.md",
        "notes/plan.md",
        "a b.txt",
        "größe.md",
        "计划.md",
        "100%.md",
        "a..b",
        "~x",
        "-x",
        "context.txt",
    ],
)
def test_an_ordinary_artifact_name_is_its_parts(name: str) -> None:
    assert check_artifact_name(name) == tuple(name.split("/"))


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", ".", "..", "../x", "x/../y", "x/..", "../../mission.json", "./x", "x/./y", "x//y", "x/"),
        *("/", "/etc/passwd"),
        *("%2e%2e%2fmission.json", "%2E%2E/x", "x%00", "a%2fb", "..\\x", "x\\y", "C:\\x"),
        *("x\0", "x\0.md", "x\ny", "x\ty", "x\ry", "\x1b]52;c;eA==\x07", "\x9b31m", "x\u202ey", "x\u200by", "x\udcff"),
        *(".hidden", ".git/config", "x/.env", "x.", "x ", " x", "x/ y"),
        *("con", "NUL", "nul.txt", "x/aux.md", "LPT1", "com7.log", "CON.a.b"),
        *("x" * 256, "ü" * 128, "x/" * 8 + "x", "/".join(["x" * 200] * 6)),
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_or_deceives_is_none_of_an_artifact(name: str) -> None:
    with pytest.raises(BadName) as error:
        check_artifact_name(name)
    assert len(error.value.message) < 300
    assert error.value.message.isprintable()


@given(st.text(max_size=60))
def test_an_artifact_name_never_leads_out_of_its_folder(name: str) -> None:
    try:
        parts = check_artifact_name(name)
    except BadName:
        return
    assert "/".join(parts) == name
    assert not {"", ".", ".."} & set(parts)
    assert "\0" not in name

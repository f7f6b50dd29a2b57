"""A browser's cookie, whatever becomes of the clock; and the code of a link, which holds once."""

from __future__ import annotations

import time

import pytest
from itsdangerous import TimestampSigner

from scopecraft.api.access import COOKIE_SECONDS, Access

ACCESS = Access("t" * 43, "cookie")
DAY = 86400


def signed(seconds: int, token: str = ACCESS.token) -> str:
    """By that token, so many seconds from now."""

    class Elsewhen(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time()) + seconds

    return Elsewhen(token, salt="scopecraft.browser").sign("x").decode()


@pytest.mark.parametrize(
    ("seconds", "holds"), [(0, True), (-COOKIE_SECONDS + DAY, True), (-COOKIE_SECONDS - DAY, False), (DAY, True)]
)
def test_a_cookie_holds_for_a_month_and_when_the_clock_is_set_back(seconds: int, holds: bool) -> None:
    assert ACCESS.is_cookie(signed(seconds)) is holds


def test_a_cookie_of_another_home_or_of_nobody_is_none() -> None:
    assert not ACCESS.is_cookie(signed(0, "o" * 43))
    assert not any(ACCESS.is_cookie(each) for each in ("", "x", "x.y.z", signed(0)[:-1], "\xff", "x" * 100_000))


def test_a_code_is_exchanged_once() -> None:
    code = ACCESS.new_code()
    cookie = ACCESS.redeem(code)
    assert cookie is not None and ACCESS.is_cookie(cookie)
    assert ACCESS.redeem(code) is None
    assert ACCESS.redeem("") is None

"""The way in: every request comes through here."""

import sys

from shop import settings

ROUTES = {"/": "Welcome to the tea shop", "/tea": "Assam, Darjeeling, Sencha"}


def answer(path: str) -> tuple[int, str]:
    """The status and the body."""
    if path not in ROUTES:
        return 404, "There is no such page"
    return 200, ROUTES[path]


def address() -> str:
    return f"http://{settings.HOST}:{settings.PORT}"


if __name__ == "__main__":
    sys.stdout.write(f"{address()}\n")

"""What the address of a remote says."""

from __future__ import annotations

import pytest

from scopecraft.hosts.address import Address, HostKind, address_in, api_of, compare_link, kind_of


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/acme/shop.git",
        "https://me:secret@github.com/acme/shop",
        "git@github.com:acme/shop.git",
        "github.com:acme/shop",
        "ssh://git@github.com:22/acme/shop.git/",
        "ssh://git@ssh.github.com:443/acme/shop.git",
        "git://github.com/acme/shop.git",
        "ssh://git@GitHub.com/acme/shop.git",
    ],
)
def test_a_repository_of_github_by_any_of_its_addresses(text: str) -> None:
    assert address_in(text) == Address("github.com", "acme/shop")


@pytest.mark.parametrize(
    "text", ["/srv/git/shop.git", "../shop.git", "file:///srv/shop.git", "https://github.com/", "https://[x", "", "a:b"]
)
def test_a_path_of_this_machine_is_no_repository_of_a_host(text: str) -> None:
    assert address_in(text) is None


@pytest.mark.parametrize(
    ("host", "kind", "link"),
    [
        ("github.com", "github", "https://github.com/a/b/compare/main...fix/x%23y?expand=1"),
        (
            "gitlab.example.com",
            "gitlab",
            "https://gitlab.example.com/a/b/-/merge_requests/new?merge_request%5Bsource_branch%5D=fix%2Fx%23y"
            "&merge_request%5Btarget_branch%5D=main",
        ),
        (
            "bitbucket.example.com",
            "bitbucket",
            "https://bitbucket.example.com/a/b/pull-requests/new?source=fix%2Fx%23y&dest=main",
        ),
        ("codeberg.example.org", "gitea", "https://codeberg.example.org/a/b/compare/main...fix/x%23y"),
        ("git.example.com", "unknown", None),
    ],
)
def test_each_host_has_its_own_page_for_a_new_request(host: str, kind: HostKind, link: str | None) -> None:
    assert kind_of(host) == kind
    assert compare_link(Address(host, "a/b"), kind, "main", "fix/x#y") == link


def test_an_enterprise_of_ones_own_has_its_own_interface() -> None:
    assert api_of("github.com") == "https://api.github.com"
    assert api_of("github.example.com") == "https://github.example.com/api/v3"

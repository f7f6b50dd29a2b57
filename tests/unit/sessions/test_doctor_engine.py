"""What a person reads about the container engine, from what the engine says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scopecraft.executors.agent_releases import RELEASES
from scopecraft.executors.claude_release import VERSION
from scopecraft.executors.engine_facts import EngineFacts, ImageFacts, NoEngine
from scopecraft.executors.image_recipe import agent_labels
from scopecraft.sessions.doctor import Finding, something_is_missing
from scopecraft.sessions.doctor_engine import Surroundings, engine_findings, image_finding, is_mended, runtime_finding

NOW = datetime(2026, 11, 21, tzinfo=UTC)
AROUND = Surroundings(is_installed=True, has_runsc=False, offered_runc=None, kernel_user_namespaces=1000)
FRESH = ImageFacts("2026-11-18T23:59:59.123456789Z", agent_labels("debootstrap", {"claude": VERSION}, "ab" * 32))
FACTS = EngineFacts(
    name="Docker",
    version="28.0.0",
    api_version="1.48",
    runtime="runc",
    runc_version="1.3.3",
    operating_system="Debian GNU/Linux 12 (bookworm)",
    root_folder="/var/lib/docker",
    live_restore=True,
    images={"my-claude:authenticated": None, "scopecraft-agent": FRESH},
)


def findings(facts: EngineFacts | NoEngine, around: Surroundings = AROUND) -> dict[str, Finding]:
    return {finding.name: finding for finding in engine_findings(facts, around, "unix:///run/docker.sock", NOW)}


@pytest.mark.parametrize(
    ("version", "mended"),
    [
        ("1.1.5+ds1", False),
        ("1.1.15", False),
        ("1.2.7", False),
        ("1.2.8", True),
        ("1.2.8-rc.1", False),
        ("1.3.2", False),
        ("1.3.3", True),
        ("1.3.3+ds1", True),
        ("1.4.0-rc.2", False),
        ("1.4.0-rc.3", True),
        ("1.4.0~rc3+ds", True),
        ("1.4.0", True),
        ("1.5.0", True),
        ("2.0.0", True),
        ("v-unknown", None),
    ],
)
def test_runc_before_the_mended_releases_is_known(version: str, mended: bool | None) -> None:
    assert is_mended(version) is mended


def test_a_bad_runtime_that_packages_can_mend_names_the_line() -> None:
    finding = runtime_finding(replace(FACTS, runc_version="1.1.5"), "1.3.3-1")
    assert finding.level == "warn"
    assert finding.mend is not None
    assert finding.mend.startswith("apt-get install --only-upgrade runc")


def test_a_bad_runtime_without_a_newer_one_says_so() -> None:
    finding = runtime_finding(replace(FACTS, runc_version="1.1.5+ds1"), "1.1.5+ds1-1+deb12u1")
    assert finding.level == "warn"
    assert finding.mend is None
    assert "Debian GNU/Linux 12 (bookworm) offers no newer one" in finding.text


def test_a_bad_runtime_on_an_unknown_system_says_what_is_needed() -> None:
    finding = runtime_finding(replace(FACTS, runc_version="1.2.0"), None)
    assert "1.2.8" in (finding.mend or "")


def test_another_runtime_is_only_named() -> None:
    assert runtime_finding(replace(FACTS, runtime="crun", runc_version=""), None).level == "info"


def test_a_good_engine_needs_nothing() -> None:
    found = findings(FACTS)
    assert not something_is_missing(found.values())
    assert {finding.level for finding in found.values()} == {"ok", "info"}
    assert "API 1.48" in found["engine"].text


@pytest.mark.parametrize(
    ("kind", "mend"),
    [
        ("absent", "systemctl start docker"),
        ("refused", "systemctl start docker"),
        ("forbidden", "usermod"),
        ("hanging", "journalctl"),
        ("failing", "DOCKER_HOST"),
    ],
)
def test_an_engine_that_does_not_answer_is_missing_and_says_how_to_mend_it(kind: str, mend: str) -> None:
    (finding,) = engine_findings(NoEngine(kind, "why so"), AROUND, "unix:///x", NOW)  # type: ignore[arg-type]
    assert finding.level == "missing"
    assert "why so" in finding.text
    assert mend in (finding.mend or "")


def test_a_hanging_engine_is_told_from_one_that_is_not_there() -> None:
    assert "hangs" in findings(NoEngine("hanging", "w"))["engine"].text
    assert "hangs" not in findings(NoEngine("absent", "w"))["engine"].text


def test_an_engine_that_is_not_installed_is_to_be_installed() -> None:
    around = replace(AROUND, is_installed=False)
    assert "apt-get install" in (findings(NoEngine("absent", "w"), around)["engine"].mend or "")


def test_an_engine_over_the_network_is_not_started_here() -> None:
    (finding,) = engine_findings(NoEngine("refused", "w"), AROUND, "tcp://far:2375", NOW)
    assert "systemctl" not in (finding.mend or "")
    assert "DOCKER_HOST" in (finding.mend or "")


def test_limits_that_the_engine_cannot_set_are_a_warning() -> None:
    found = findings(replace(FACTS, missing_limits=("memory", "swap")))["limits"]
    assert found.level == "warn"
    assert "memory" in found.text
    assert findings(replace(FACTS, missing_limits=("swap",)))["limits"].level == "info"


def test_stronger_isolation_at_hand_is_told() -> None:
    found = findings(replace(FACTS, security=("seccomp", "rootless"), runtimes=("runc", "runsc")))
    assert found["user namespaces"].level == "ok"
    assert found["gVisor"].level == "ok"
    installed = findings(FACTS, replace(AROUND, has_runsc=True))["gVisor"]
    assert installed.mend == "runsc install"


def test_no_image_is_missing_and_names_the_command() -> None:
    finding = image_finding({"my-claude:authenticated": None, "scopecraft-agent": None}, NOW)
    assert (finding.level, finding.mend) == ("missing", "sc image build")


def test_a_configured_image_is_not_ours_to_build() -> None:
    finding = image_finding({"team/agent:1": None}, NOW)
    assert finding.level == "missing"
    assert finding.mend != "sc image build"


def test_the_image_is_told_with_its_age_and_program() -> None:
    finding = image_finding({"scopecraft-agent": FRESH}, NOW)
    assert finding.level == "ok"
    assert finding.text == f"scopecraft-agent, Claude Code {VERSION}, made 2d00h ago"


def test_an_image_of_an_older_recipe_should_be_made_again() -> None:
    old = ImageFacts(FRESH.created, {**FRESH.labels, "scopecraft.image.version": "0"})
    finding = image_finding({"scopecraft-agent": old}, NOW)
    assert (finding.level, finding.mend) == ("info", "sc image build")


def test_an_image_of_last_year_should_be_made_anew() -> None:
    old = ImageFacts("2025-01-01T00:00:00Z", FRESH.labels)
    assert image_finding({"scopecraft-agent": old}, NOW).mend == "sc image build --force"


def test_a_personal_image_comes_first_and_is_left_to_the_person() -> None:
    own = ImageFacts("2020-01-01T00:00:00Z", {})
    finding = image_finding({"my-claude:authenticated": own, "scopecraft-agent": FRESH}, NOW)
    assert finding.level == "ok"
    assert "my-claude:authenticated" in finding.text


def test_an_engine_with_odd_words_steers_no_terminal() -> None:
    odd = replace(FACTS, runc_version="1.1.5\x1b[2J", operating_system="\x9b31mEvil")
    text = runtime_finding(odd, "1.1.5").text
    assert "\x1b" not in text
    assert "\x9b" not in text


def test_an_image_of_an_unreadable_age_is_still_an_image() -> None:
    assert image_finding({"scopecraft-agent": ImageFacts("", FRESH.labels)}, NOW).level == "ok"


def test_every_agent_that_an_image_holds_is_named() -> None:
    versions = {"claude": VERSION, "opencode": RELEASES["opencode"].version}
    image = ImageFacts("2026-11-18T23:59:59.123456789Z", agent_labels("debootstrap", versions, "ab" * 32))
    finding = image_finding({"scopecraft-agent": image}, NOW)
    assert finding.level == "ok"
    assert f"Claude Code {VERSION}, OpenCode {versions['opencode']}, made" in finding.text

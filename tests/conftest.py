"""What all tests share: English messages, a home of their own, the fake model, and the real data where there is any."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from fakes import FakeEngine, FakeLineEngine, write_fake_line_model, write_fake_model
from guarismo.reader import Reader

# Seeded: a test that fails was broken by the change at hand. To look for more, HYPOTHESIS_PROFILE=search.
settings.register_profile("seeded", max_examples=60, deadline=None, derandomize=True, database=None)
settings.register_profile("search", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "seeded"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write tests/golden/ anew from what comes out now.")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("LANGUAGE", "en")
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def real_data() -> Path:
    """The folder of the real data. GUARISMO_DATA says where; without it the test is skipped."""
    given = os.environ.get("GUARISMO_DATA")
    if not given:
        pytest.skip(
            "GUARISMO_DATA is not set: this test reads real data, and `make test` sets it where that is at hand"
        )
    return Path(given)


@pytest.fixture(scope="session")
def fake_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory that reads the tiles of ``fakes.painted``. Shared: a test that changes one writes its own."""
    return write_fake_model(tmp_path_factory.mktemp("model") / "fake")


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture(scope="session")
def fake_line_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for the lines of ``fakes.spelled``."""
    return write_fake_line_model(tmp_path_factory.mktemp("model") / "fake-line")


@pytest.fixture
def line_engine() -> FakeLineEngine:
    return FakeLineEngine()


@pytest.fixture
def reader(fake_model: Path, fake_line_model: Path, engine: FakeEngine, line_engine: FakeLineEngine) -> Reader:
    """The whole pipeline but for the networks."""
    return Reader(fake_model, fake_line_model, engine=engine, line_engine=line_engine)

"""The ini files of the project work as they stand, but for addresses and folders."""

from __future__ import annotations

import configparser
import shutil
from pathlib import Path

import pytest
from webtest import TestApp

from stockroom.app import Application
from tests.support.cli import stockroom_command
from tests.support.schemas import empty
from tests.support.server import free_port
from tests.support.serving import Serving

ROOT = Path(__file__).parents[2]


def make_app(ini: Path) -> Application:
    """The application as pserve makes it."""
    from pyramid.paster import get_app

    application = get_app(str(ini))
    assert isinstance(application, Application)
    return application


def test_development_ini_works_from_a_fresh_checkout(tmp_path: Path) -> None:
    ini = Path(shutil.copy(ROOT / "development.ini", tmp_path))

    stockroom_command("-c", ini, "init")
    application = make_app(ini)

    TestApp(application).get("/healthz", status=200)
    application.close()
    assert {path.name for path in tmp_path.iterdir()} == {"development.ini", "var"}


def test_development_ini_serves_the_data_of_make_run(tmp_path: Path) -> None:
    ini = Path(shutil.copy(ROOT / "development.ini", tmp_path))
    stockroom_command("--data-dir", tmp_path / "var", "init")
    stockroom_command("--data-dir", tmp_path / "var", "workspace", "create", "acme")

    output = stockroom_command("-c", ini, "workspace", "list").stdout

    assert "acme" in output


@pytest.fixture
def production_ini(tmp_path: Path, postgresql_url: str) -> Path:
    """production.ini for an empty database, a free port and a folder of this test."""
    text = (ROOT / "production.ini").read_text("utf-8")
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    replacements = {
        parser["app:main"]["sqlalchemy.url"]: empty(postgresql_url).replace("%", "%%"),
        parser["app:main"]["stockroom.storage"]: f"file://{tmp_path}/files",
        parser["server:main"]["listen"]: f"127.0.0.1:{free_port()}",
    }
    for before, after in replacements.items():
        assert text.count(f" = {before}\n") == 1
        text = text.replace(f" = {before}\n", f" = {after}\n")
    ini = tmp_path / "production.ini"
    ini.write_text(text, "utf-8")
    return ini


def test_production_ini_works_on_an_empty_postgresql(production_ini: Path, tmp_path: Path) -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(production_ini)
    port = int(parser["server:main"]["listen"].partition(":")[2])
    stockroom_command("-c", production_ini, "init")

    serving = Serving(tmp_path / "serve.log", port, "serve", production_ini)

    assert serving.stop() == 0
    assert f"Stockroom is ready at http://127.0.0.1:{port}\n" in serving.output

"""Whatever is wrong with an ini file is told in sentences, with status 2 and no traceback."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import SERVER_SECTION, CommandLine, stockroom_command, write_ini
from tests.support.server import BIN, free_port

Ini = Callable[[Path], Path]


def unknown_key(folder: Path) -> Path:
    return write_ini(folder, stockroom__storge="file:///srv")


def wrong_type(folder: Path) -> Path:
    return write_ini(folder, stockroom__page_cache_mb="much")


def absent_plugin(folder: Path) -> Path:
    return write_ini(folder, stockroom__plugins="nowhere")


def key_of_an_absent_plugin(folder: Path) -> Path:
    return write_ini(folder, plugin__osv__refresh_hours="6")


def unknown_storage(folder: Path) -> Path:
    return write_ini(folder, stockroom__storage="s3://key:hush-hush@bucket/prefix")


def unwritable_storage(folder: Path) -> Path:
    (folder / "taken").touch()
    return write_ini(folder, stockroom__storage=f"file://{folder}/taken/files")


def database_below_a_file(folder: Path) -> Path:
    (folder / "taken").touch()
    return write_ini(folder, sqlalchemy__url=f"sqlite:///{folder}/taken/stockroom.db")


def no_database_file(folder: Path) -> Path:
    (folder / "notes.txt").write_text("this is not a database, but longer than its header is" * 9)
    return write_ini(folder, sqlalchemy__url=f"sqlite:///{folder}/notes.txt")


def unreachable_postgresql(folder: Path) -> Path:
    url = f"postgresql://stockroom:hush-hush@127.0.0.1:{free_port()}/stockroom"
    return write_ini(folder, sqlalchemy__url=url)


def other_database(folder: Path) -> Path:
    return write_ini(folder, sqlalchemy__url="mysql://stockroom:hush-hush@db/stockroom")


def missing_file(folder: Path) -> Path:
    return folder / "nowhere.ini"


def a_folder(folder: Path) -> Path:
    return folder


def no_sections(folder: Path) -> Path:
    ini = folder / "server.ini"
    ini.write_text("sqlalchemy.url = sqlite:////srv/stockroom.db\n")
    return ini


def no_app_section(folder: Path) -> Path:
    ini = folder / "server.ini"
    ini.write_text(SERVER_SECTION)
    return ini


def another_application(folder: Path) -> Path:
    ini = folder / "server.ini"
    ini.write_text(f"[app:main]\nuse = egg:nowhere\n{SERVER_SECTION}")
    return ini


def unfinished_interpolation(folder: Path) -> Path:
    ini = write_ini(folder)
    ini.write_text(ini.read_text().replace("file://", "file://%(her)s"))
    return ini


def not_text(folder: Path) -> Path:
    ini = folder / "server.ini"
    ini.write_bytes(b"[app:main]\nuse = \xff\xfe\x00\n")
    return ini


MISTAKES: list[tuple[Ini, str]] = [
    (unknown_key, "stockroom.storge is not a setting; did you mean stockroom.storage?"),
    (wrong_type, "stockroom.page_cache_mb = much: must be a whole number"),
    (absent_plugin, "stockroom.plugins names nowhere, which is not installed"),
    (
        key_of_an_absent_plugin,
        "plugin.osv.refresh_hours is not a setting: the plugin osv is not in ",
    ),
    (unknown_storage, "stockroom.storage = s3://key:***@bucket/prefix: no enabled plugin stores"),
    (unwritable_storage, "the folder cannot be used: "),
    (database_below_a_file, "taken/stockroom.db cannot be used: "),
    (no_database_file, "notes.txt cannot be used: file is not a database"),
    (unreachable_postgresql, "/stockroom cannot be used: connection failed: "),
    (other_database, "sqlalchemy.url = mysql://stockroom:***@db/stockroom: must be sqlite:///PATH"),
    (missing_file, "there is no file "),
    (a_folder, "there is no file "),
    (no_sections, "cannot be used: File contains no section headers"),
    (no_app_section, "cannot be used: it has no section [app:main]"),
    (another_application, "cannot be used: "),
    (unfinished_interpolation, "cannot be used: "),
    (not_text, "cannot be used: "),
]
IDS = [f"{ini.__name__}-{number}" for number, (ini, _) in enumerate(MISTAKES)]


@pytest.mark.parametrize(("ini", "complaint"), MISTAKES, ids=IDS)
def test_init_refuses(tmp_path: Path, ini: Ini, complaint: str) -> None:
    result = stockroom_command("-c", ini(tmp_path), "init", status=2)

    assert complaint in result.stderr
    assert result.stderr.startswith("error: ")
    assert "hush-hush" not in result.output


@pytest.mark.parametrize(("ini", "complaint"), MISTAKES, ids=IDS)
def test_serve_refuses(tmp_path: Path, ini: Ini, complaint: str) -> None:
    file = ini(tmp_path)
    expected = complaint
    if ini is database_below_a_file:
        expected = "taken/stockroom.db"

    result = stockroom_command("serve", file, status=2)

    assert expected in result.stderr
    assert result.stderr.startswith("error: ")
    assert "hush-hush" not in result.output


def test_all_mistakes_are_told_together(tmp_path: Path) -> None:
    cli = CommandLine(
        tmp_path,
        sqlalchemy__url="",
        stockroom__storage="somewhere",
        stockroom__database_pool="0",
        stockroom__upload2="perhaps",
        stockroom__trusted_proxies="10.0.0.0/33",
        stockrom__base_url="https://x.example",
        debug="on",
    )

    complaints = cli.refuse("init", status=2).splitlines()

    assert [complaint.split()[1] for complaint in complaints] == [
        "sqlalchemy.url",
        "stockroom.storage",
        "stockroom.database_pool",
        "stockroom.trusted_proxies",
        "stockroom.upload2",
        "stockrom.base_url",
        "debug",
    ]


@pytest.mark.parametrize(
    "server",
    [
        "",
        "[server:main]\nlisten = 127.0.0.1:8000\n",
        "[server:main]\nuse = egg:nowhere#main\n",
        "[server:main]\nuse = egg:waitress#main\nlisten = nowhere\n",
        "[server:main]\nuse = egg:waitress#main\nthread = 4\n",
        "[server:main]\nuse = egg:waitress#main\nthreads = many\n",
        f"{SERVER_SECTION}[loggers]\nkeys = root\n",
    ],
)
def test_wrong_server_section_is_told(cli: CommandLine, server: str) -> None:
    ini = cli.ini.read_text("utf-8").replace(SERVER_SECTION, server)
    cli.ini.write_text(ini, "utf-8")

    result = stockroom_command("serve", cli.ini, status=2)

    assert result.stderr.startswith(f"error: {cli.ini} cannot be used: ")


def test_unwritable_data_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()

    result = stockroom_command("serve", "--data-dir", tmp_path / "taken/data", status=2)

    assert result.stderr == (
        f"error: the data folder {tmp_path}/taken/data cannot be made: Not a directory; "
        "choose another one with --data-dir\n"
    )


@pytest.mark.parametrize(
    ("ini", "complaint"),
    [
        (
            write_ini,
            "error: the database sqlite:///{folder}/stockroom.db is empty: run `stockroom ",
        ),
        (unknown_key, "error: stockroom.storge is not a setting; did you mean stockroom.storage?"),
    ],
)
def test_pserve_refuses_without_a_traceback(tmp_path: Path, ini: Ini, complaint: str) -> None:
    done = subprocess.run(
        [BIN / "pserve", ini(tmp_path)], check=False, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert done.stderr.startswith(complaint.format(folder=tmp_path))
    assert done.stderr.count("\n") == 1

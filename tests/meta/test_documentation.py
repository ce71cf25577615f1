"""The documentation says what the code does: settings, hooks, examples, links."""

from __future__ import annotations

import configparser
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stockroom import hookspecs
from stockroom.cli import stockroom
from stockroom.cli.reference import as_ini, as_markdown
from stockroom.plugins import Plugins
from stockroom.settings import Settings, read_settings
from stockroom.spi import FilterPackage
from stockroom.spi.settings import declared
from stockroom.testing.fields import some_files
from tests.archives import make_wheel
from tests.conftest import MakeSite
from tests.support.cli import all_commands, stockroom_command
from tests.support.distributions import SitePackages

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(
    r"^\s+(?:[A-Z_]+=\S+ +)*(?:\S*/)?stockroom ((?!--help)(?:[^#\n]|\\\n)+)", re.MULTILINE
)
HOOKS = [name for name in vars(hookspecs) if name.startswith(f"{hookspecs.NAME}_")]
KINDS = ("Provide", "Vote", "Notify", "Extend")
EXAMPLE = re.compile(
    r"^<!-- example(?:: ([\w ]+))? -->\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def example(title: str) -> str:
    """The code of the one example of this title in docs/plugins.md."""
    [code] = [code for found, code in EXAMPLE.findall(page("plugins.md")) if found == title]
    return str(code)


def signature(hook: str) -> str:
    """A hook's definition as it stands in the source, on one line."""
    function = getattr(hookspecs, hook)
    return f"def {hook}{inspect.signature(function)}:".replace("'", "")


def test_there_are_hooks() -> None:
    assert len(HOOKS) >= 2


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_with_its_exact_signature(hook: str) -> None:
    assert f"```python\n{signature(hook)}\n```" in page("plugins.md")


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_says_its_kind_and_since_when(hook: str) -> None:
    contract = inspect.getdoc(getattr(hookspecs, hook)) or ""

    assert contract.startswith(tuple(f"{kind}: " for kind in KINDS))
    assert ".. versionadded:: " in contract
    assert "Called" in contract


def test_no_other_hook_is_documented() -> None:
    documented = re.findall(r"^```python\ndef (\w+)\(", page("plugins.md"), re.MULTILINE)

    assert documented == HOOKS


def test_table_of_settings_is_the_declaration() -> None:
    table = as_markdown(declared(Settings))

    assert f"\n\n{table}\n" in page("settings.md"), "run `stockroom settings --format markdown`"


@pytest.mark.parametrize("entry", declared(Settings), ids=lambda entry: entry.name)
def test_every_setting_has_help_that_is_a_sentence(entry: object) -> None:
    help_text = str(getattr(entry, "help", ""))

    assert help_text[0].isupper()
    assert help_text.endswith(".")
    assert "|" not in help_text


def test_production_ini_has_every_setting_with_its_help() -> None:
    text = (ROOT / "production.ini").read_text("utf-8")
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    values = dict(parser["app:main"])

    assert as_ini(declared(Settings), values) in text


@pytest.mark.parametrize("document", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(document: Path) -> None:
    targets = LINK.findall(document.read_text("utf-8"))

    missing = [
        target
        for target in targets
        if "://" not in target and not (document.parent / target).exists()
    ]
    assert missing == []


def written_commands() -> Iterator[tuple[str, str]]:
    """Every call of the `stockroom` command in the documentation, with the page it is on."""
    for document in PAGES:
        for match in COMMAND.finditer(document.read_text("utf-8")):
            yield document.name, match[1].strip()


@pytest.mark.parametrize(("document", "line"), sorted(set(written_commands())))
def test_written_command_exists(document: str, line: str) -> None:
    words = re.sub(r"^(-c \S+|--data-dir \S+|--server \S+) ", "", line).split()
    known = set(all_commands(stockroom))
    command = tuple(words[:2]) if tuple(words[:2]) in known else tuple(words[:1])
    output = stockroom_command(*command, "--help").stdout

    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert command in known
    assert [option for option in options if option not in output] == []


def test_example_plugin_stores_and_serves_files(
    make_site: MakeSite, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = example("")
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    packages = SitePackages(folder)
    packages.install("stockroom-memory", plugin="memory", code=code)
    filename, content = make_wheel("demo-pkg", "1.0")
    site = make_site(
        sqlite_url,
        **{
            "stockroom.plugins": "memory",
            "stockroom.storage": "memory://anything",
            "plugin.memory.limit_mb": "1",
        },
    )
    site.create_workspace()
    key = site.create_key()

    site.upload(filename, content, key)
    whole = site.get(site.file_url("demo-pkg", filename, key), key)
    part = site.get(site.file_url("demo-pkg", filename, key), key, range="bytes=3-9", status=206)

    assert whole.body == content
    assert part.body == content[3:10]
    packages.forget()


def test_example_fields_and_functions_are_of_the_language(site_packages: SitePackages) -> None:
    site_packages.install("stockroom-owners", plugin="owners", code=example("fields"))
    values = {"sqlalchemy.url": "sqlite:////unused.db", "stockroom.storage": "file:///unused"}
    plugins = Plugins(read_settings({**values, "stockroom.plugins": "owners"}))
    rule = 'file.is_pure and owner_of(package.name) in ["acme", "nobody"]'
    files = some_files("1.0")

    found = plugins.filter_language().parse(rule)
    shown = [
        list(found.judge(FilterPackage(name, None, {}), files, files[0].upload_time).shown)
        for name in ("demo", "acme-demo", "other-demo")
    ]

    assert f"`{rule}`" in page("plugins.md")
    assert shown == [[True, True], [True, True], [False, False]]


def test_example_tests_of_fields_pass(site_packages: SitePackages, tmp_path: Path) -> None:
    site_packages.install("stockroom-owners", plugin="owners", code=example("fields"))
    (tmp_path / "test_fields.py").write_text(example("tests of fields"), "utf-8")
    options = ["-q", "-c", "/dev/null", "-p", "no:cacheprovider"]
    folder = str(tmp_path / "site-packages")

    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options, tmp_path / "test_fields.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": folder, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout
    assert "7 passed" in result.stdout

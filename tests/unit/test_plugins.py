"""The plugin manager: what it loads, what it refuses, and how the hooks' answers are combined."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import pytest

from stockroom import __version__
from stockroom.errors import ConfigurationInvalid
from stockroom.plugins import GROUP, Plugins
from stockroom.settings import read_settings
from stockroom.spi import ExternalUser, LoginStart
from tests.support.distributions import SitePackages

IMPORTS = """\
    from dataclasses import dataclass

    from stockroom.hookspecs import hookimpl
    from stockroom.spi import setting
    from stockroom.spi.settings import integer
"""
STORAGE = """\
    from stockroom.hookspecs import hookimpl

    def make(url):
        if url.netloc == "refused":
            raise ValueError("the bucket is refused")
        return f"storage for {url.geturl()}"

    @hookimpl
    def stockroom_storage_backends(settings):
        return {"memory": make}
"""
WITH_SETTINGS = f"""\
{IMPORTS}
    @dataclass(frozen=True, kw_only=True)
    class Sample:
        hours: int = setting(parse=integer(minimum=1), default=6, help="Hours between two.")

    @hookimpl
    def stockroom_settings():
        return Sample
"""
READING_SETTINGS = f"""\
{WITH_SETTINGS}
    @hookimpl
    def stockroom_storage_backends(settings):
        return {{"hours": lambda url: settings.of(Sample).hours}}
"""
SIGNING_IN = """\
    from stockroom.hookspecs import hookimpl
    from stockroom.spi import ExternalUser, LoginStart

    class Method:
        def __init__(self, name):
            self.name = name
            self.label = f"Sign in with {name}"

        def start(self, redirect_uri):
            return LoginStart(f"https://{self.name}.example/?to={redirect_uri}", {"state": "s"})

        def finish(self, redirect_uri, state, query):
            return ExternalUser(self.name, query["id"], "ada")

    @hookimpl
    def stockroom_login_methods(settings):
        return [Method("corp"), Method("a-1")]
"""
FIELDS = """\
    from stockroom.hookspecs import hookimpl
    from stockroom.spi import FilterField, FilterFunction, ValueType

    def sizes(package, files):
        return [len(file.filename) for file in files]

    @hookimpl
    def stockroom_filter_fields():
        return [
            FilterField("file.letters", ValueType.NUMBER, "Letters of its name.", sizes),
            FilterFunction("half", (ValueType.NUMBER,), ValueType.NUMBER, "Half.", lambda n: n / 2),
        ]
"""


def load(names: str = "", **settings: str) -> Plugins:
    """The plugin manager with ``names`` enabled; ``__`` in the name of a setting is a dot."""
    values = {
        "sqlalchemy.url": "sqlite:////srv/stockroom.db",
        "stockroom.storage": "file:///srv/files",
        "stockroom.plugins": names,
        **{name.replace("__", "."): value for name, value in settings.items()},
    }
    return Plugins(read_settings(values))


def refusals(names: str = "", **settings: str) -> list[str]:
    """Every reason why these plugins cannot be enabled."""
    with pytest.raises(ConfigurationInvalid) as caught:
        load(names, **settings)
    return list(caught.value.messages)


def opened(plugins: Plugins, url: str) -> Any:
    """What the backend for ``url`` answers; in these tests not a storage, but something telling."""
    return plugins.storage(url)


def test_builtin_plugins_need_no_enabling() -> None:
    assert load().describe() == [
        ("filesystem", "stockroom", __version__, ("stockroom_storage_backends",)),
        ("fields", "stockroom", __version__, ("stockroom_filter_fields",)),
    ]


def test_installed_plugin_is_not_enabled_by_itself(site_packages: SitePackages) -> None:
    site_packages.install("stockroom-memory", plugin="memory", code=STORAGE)

    assert [plugin.name for plugin in load().describe()] == ["filesystem", "fields"]


def test_plugin_is_found_by_its_entry_point(site_packages: SitePackages) -> None:
    site_packages.install("stockroom-memory", plugin="memory", code=STORAGE)

    plugins = load("memory")

    assert plugins.describe()[2:] == [
        ("memory", "stockroom-memory", "1.2", ("stockroom_storage_backends",))
    ]
    assert opened(plugins, "memory://x/y") == "storage for memory://x/y"


def test_plugins_are_listed_in_the_order_in_which_they_are_enabled(
    site_packages: SitePackages,
) -> None:
    for name in ("one", "two", "three"):
        site_packages.install(f"stockroom-{name}", plugin=name, code=WITH_SETTINGS)

    assert [plugin.name for plugin in load("two three one").describe()] == [
        "filesystem",
        "fields",
        "two",
        "three",
        "one",
    ]


def test_plugin_may_be_an_object_in_a_module(site_packages: SitePackages) -> None:
    code = """\
        from stockroom.hookspecs import hookimpl

        class Memory:
            @hookimpl
            def stockroom_storage_backends(self, settings):
                return {"memory": lambda url: "kept"}

        plugin = Memory()
        """
    site_packages.install(
        "stockroom-object", plugin="memory", code=code, target="stockroom_object:plugin"
    )

    assert opened(load("memory"), "memory://x") == "kept"


def test_absent_plugins_are_all_told_with_what_to_do(site_packages: SitePackages) -> None:
    site_packages.install("stockroom-memory", plugin="memory", code=STORAGE)
    installed = ", ".join(sorted(entry.name for entry in entry_points(group=GROUP)))

    assert refusals("nowhere memory nobody") == [
        (
            f"stockroom.plugins names nowhere, which is not installed (installed: {installed}); "
            "try `pip install stockroom-nowhere`"
        ),
        (
            f"stockroom.plugins names nobody, which is not installed (installed: {installed}); "
            "try `pip install stockroom-nobody`"
        ),
    ]
    assert "memory" in installed


def test_builtin_plugin_in_the_list_is_refused() -> None:
    assert refusals("filesystem") == [
        "filesystem is built in and always enabled: take it out of stockroom.plugins"
    ]


def test_two_distributions_with_one_plugin_name_are_refused(site_packages: SitePackages) -> None:
    for distribution in ("stockroom-a", "stockroom-b"):
        site_packages.install(distribution, plugin="memory", code=STORAGE)

    assert refusals("memory") == [
        (
            "plugin memory is offered by several distributions (stockroom-a, stockroom-b): "
            "uninstall all but one"
        )
    ]


def test_plugin_that_cannot_be_imported_is_refused(site_packages: SitePackages) -> None:
    site_packages.install("stockroom-broken", plugin="broken", code="import nowhere_at_all")

    assert refusals("broken") == [
        "plugin broken cannot be loaded: ModuleNotFoundError: No module named 'nowhere_at_all'"
    ]


def test_misspelt_hook_is_refused_with_a_suggestion(site_packages: SitePackages) -> None:
    code = STORAGE.replace("stockroom_storage_backends", "stockroom_storage_backend")
    site_packages.install("stockroom-misspelt", plugin="misspelt", code=code)

    assert refusals("misspelt") == [
        (
            "plugin misspelt implements stockroom_storage_backend, which is no hook of this "
            "Stockroom; did you mean stockroom_storage_backends?"
        )
    ]


def test_hook_with_an_unknown_argument_is_refused(site_packages: SitePackages) -> None:
    code = STORAGE.replace("(settings)", "(settings, request)")
    site_packages.install("stockroom-greedy", plugin="greedy", code=code)

    [refusal] = refusals("greedy")

    assert refusal.startswith("plugin greedy is refused: ")
    assert "request" in refusal
    assert "\n" not in refusal


def test_hook_may_leave_out_arguments(site_packages: SitePackages) -> None:
    code = STORAGE.replace("(settings)", "()")
    site_packages.install("stockroom-modest", plugin="modest", code=code)

    assert opened(load("modest"), "memory://x") == "storage for memory://x"


def test_setting_of_a_plugin_reaches_its_hooks(site_packages: SitePackages) -> None:
    site_packages.install("stockroom-hours", plugin="hours", code=READING_SETTINGS)

    plugins = load("hours", plugin__hours__hours="7")

    assert opened(plugins, "hours://x") == 7
    assert [*plugins.sections] == ["hours"]


def test_wrong_and_unknown_settings_of_plugins_are_told_together(
    site_packages: SitePackages,
) -> None:
    site_packages.install("stockroom-hours", plugin="hours", code=WITH_SETTINGS)

    assert refusals(
        "hours", plugin__hours__hours="0", plugin__hours__hour="7", plugin__osv__hours="7"
    ) == [
        "plugin.hours.hours = 0: must be at least 1",
        "plugin.hours.hour is not a setting; did you mean plugin.hours.hours?",
        "plugin.osv.hours is not a setting: the plugin osv is not in stockroom.plugins",
    ]


def test_setting_of_a_plugin_without_settings_is_refused(site_packages: SitePackages) -> None:
    site_packages.install("stockroom-memory", plugin="memory", code=STORAGE)

    assert refusals("memory", plugin__memory__size="7") == [
        "plugin.memory.size is not a setting; see `stockroom settings` for all keys"
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
        ("return int", "TypeError: "),
        ("return dataclass(type('Careless', (), {'__annotations__': {'x': int}}))", "TypeError: "),
    ],
)
def test_plugin_that_fails_to_declare_its_settings_is_refused(
    site_packages: SitePackages, body: str, reason: str
) -> None:
    code = f"{IMPORTS}\n    @hookimpl\n    def stockroom_settings():\n        {body}\n"
    site_packages.install("stockroom-broken", plugin="broken", code=code)

    [refusal] = refusals("broken")

    assert refusal.startswith(f"plugin broken fails to declare its settings: {reason}")


def test_plugin_may_say_that_it_has_no_settings(site_packages: SitePackages) -> None:
    code = WITH_SETTINGS.replace("return Sample", "return None")
    site_packages.install("stockroom-none", plugin="none", code=code)

    assert load("none").sections == {}


def test_two_plugins_for_one_scheme_are_refused(site_packages: SitePackages) -> None:
    site_packages.install("stockroom-a", plugin="a", code=STORAGE)
    site_packages.install("stockroom-b", plugin="b", code=STORAGE)

    with pytest.raises(ConfigurationInvalid, match="two plugins store memory: URLs"):
        load("a b").storage("memory://x")


def test_scheme_of_no_plugin_is_refused_with_what_there_is() -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        load().storage("s3://key:hush@bucket")

    assert caught.value.messages == (
        (
            "stockroom.storage = s3://key:***@bucket: no enabled plugin stores s3: URLs, "
            "only file:; add the plugin that does to stockroom.plugins"
        ),
    )


def test_url_that_a_backend_refuses_is_told_without_its_password(
    site_packages: SitePackages,
) -> None:
    site_packages.install("stockroom-memory", plugin="memory", code=STORAGE)

    with pytest.raises(ConfigurationInvalid) as caught:
        load("memory").storage("memory://refused")

    assert caught.value.messages == ("stockroom.storage = memory://refused: the bucket is refused",)


def test_backend_that_is_not_used_is_never_opened(site_packages: SitePackages) -> None:
    code = STORAGE.replace('if url.netloc == "refused"', "if True")
    site_packages.install("stockroom-memory", plugin="memory", code=code)

    plugins = load("memory")

    assert plugins.settings is not None


def test_there_is_no_login_method_without_a_plugin() -> None:
    assert load().login_methods() == {}


def test_login_methods_of_all_plugins_stand_in_the_order_of_the_plugins(
    site_packages: SitePackages,
) -> None:
    others = SIGNING_IN.replace('"corp"', '"b"').replace('"a-1"', '"c"')
    site_packages.install("stockroom-a", plugin="a", code=SIGNING_IN)
    site_packages.install("stockroom-b", plugin="b", code=others)

    methods = load("b a").login_methods()

    assert [*methods] == ["b", "c", "corp", "a-1"]
    assert methods["corp"].label == "Sign in with corp"
    assert methods["corp"].start("back") == LoginStart(
        "https://corp.example/?to=back", {"state": "s"}
    )
    assert methods["c"].finish("back", {}, {"id": "7"}) == ExternalUser("c", "7", "ada")


def test_state_of_a_login_is_not_shown_in_a_traceback() -> None:
    assert "hush" not in repr(LoginStart("https://corp.example/", {"code_verifier": "hush"}))


def test_two_login_methods_of_one_name_are_refused(site_packages: SitePackages) -> None:
    site_packages.install("stockroom-a", plugin="a", code=SIGNING_IN)
    site_packages.install("stockroom-b", plugin="b", code=SIGNING_IN)

    with pytest.raises(ConfigurationInvalid, match="two login methods have the name corp;"):
        load("a b").login_methods()


@pytest.mark.parametrize("name", ["", "Corp", "a b", "a/b", "-a", "a--b", "a" * 33, "é"])
def test_login_method_with_a_name_for_no_url_is_refused(
    site_packages: SitePackages, name: str
) -> None:
    code = SIGNING_IN.replace('"corp"', repr(name))
    site_packages.install("stockroom-a", plugin="a", code=code)

    with pytest.raises(ConfigurationInvalid, match=f"^{name!r} cannot be the name of a login"):
        load("a").login_methods()


def test_login_method_does_not_hide_a_page_of_the_server(site_packages: SitePackages) -> None:
    code = SIGNING_IN.replace('"corp"', '"second-factor"')
    site_packages.install("stockroom-a", plugin="a", code=code)

    with pytest.raises(ConfigurationInvalid, match=r"and not second-factor$"):
        load("a").login_methods()


def test_settings_that_do_not_fit_together_stop_login_methods(site_packages: SitePackages) -> None:
    code = SIGNING_IN.replace("return [M", "raise ValueError('a client without a secret')\n    [M")
    site_packages.install("stockroom-a", plugin="a", code=code)
    site_packages.install("stockroom-b", plugin="b", code=SIGNING_IN)

    with pytest.raises(ConfigurationInvalid) as caught:
        load("b a").login_methods()

    assert caught.value.messages == ("nobody could sign in: a client without a secret",)


def test_language_of_filters_has_the_fields_of_the_core() -> None:
    plugins = load()

    assert sorted(plugins.filter_language().fields) == [
        "file.age_days",
        "file.name",
        "file.upload_time",
        "package.age_days",
        "package.name",
        "package.upload_time",
        "release.age_days",
        "release.upload_time",
        "release.version",
    ]
    assert plugins.filter_language() is plugins.filter_language()


def test_language_of_filters_has_fields_and_functions_of_plugins(
    site_packages: SitePackages,
) -> None:
    site_packages.install("stockroom-sizes", plugin="sizes", code=FIELDS)

    found = load("sizes").filter_language().parse("half(file.letters) < 12")

    assert found.fields == {"file.letters"}


def test_two_filter_fields_of_one_name_are_refused(site_packages: SitePackages) -> None:
    for name in ("one", "two"):
        site_packages.install(f"stockroom-{name}", plugin=name, code=FIELDS)

    with pytest.raises(ConfigurationInvalid) as caught:
        load("one two").filter_language()

    assert caught.value.messages[0] == (
        "filters cannot be read: two filter fields are called file.letters; enable one of the "
        "plugins that offer them"
    )


def test_what_is_no_field_and_no_function_is_refused(site_packages: SitePackages) -> None:
    code = """\
        from stockroom.hookspecs import hookimpl

        @hookimpl
        def stockroom_filter_fields():
            return ["file.letters"]
    """
    site_packages.install("stockroom-sizes", plugin="sizes", code=code)

    with pytest.raises(ConfigurationInvalid, match=r"'file\.letters' is neither a FilterField"):
        load("sizes").filter_language()


FACTS = """\
    from stockroom.hookspecs import hookimpl

    class Source:
        title = "A source"
        refresh_seconds = 3600
        tells_advisories = False

        def __init__(self, name):
            self.name = name

    @hookimpl
    def stockroom_fact_sources(settings):
        return [Source("b-1"), Source("a")]
"""


def test_fact_sources_of_all_plugins_stand_in_the_order_of_the_plugins(
    site_packages: SitePackages,
) -> None:
    others = FACTS.replace('"b-1"', '"d"').replace('"a"', '"c"')
    site_packages.install("stockroom-a", plugin="a", code=FACTS)
    site_packages.install("stockroom-b", plugin="b", code=others)

    assert [*load("b a").fact_sources()] == ["d", "c", "b-1", "a"]
    assert load().fact_sources() == {}


def test_two_fact_sources_of_one_name_are_refused(site_packages: SitePackages) -> None:
    site_packages.install("stockroom-a", plugin="a", code=FACTS)
    site_packages.install("stockroom-b", plugin="b", code=FACTS)

    with pytest.raises(ConfigurationInvalid, match="two fact sources have the name b-1;"):
        load("a b").fact_sources()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("b-1", "B 1"), "^'B 1' cannot be the name of a fact source"),
        (("3600", "59"), "^the fact source b-1 must not be refreshed more often"),
        (("3600", "float('nan')"), "^the fact source b-1 must not be refreshed more often"),
        (
            ('return [Source("b-1"), Source("a")]', "raise ValueError('no url or csv is set')"),
            "^facts could not be got: no url or csv is set$",
        ),
    ],
    ids=["name", "often", "nan", "settings"],
)
def test_fact_sources_that_cannot_be_used_stop_the_start(
    site_packages: SitePackages, change: tuple[str, str], reason: str
) -> None:
    site_packages.install("stockroom-a", plugin="a", code=FACTS.replace(*change))

    with pytest.raises(ConfigurationInvalid, match=reason):
        load("a").fact_sources()

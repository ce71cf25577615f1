"""The WSGI factory: settings, plugins, services, configurator; nothing else."""

from __future__ import annotations

import gc
from typing import cast

from pyramid.config import Configurator
from pyramid.router import Router

from stockroom import migrations, under_waitress, web
from stockroom.accounts import cli_views
from stockroom.accounts.browser_sessions import Visits
from stockroom.accounts.disclosure import Disclosure
from stockroom.accounts.methods import LoginMethods
from stockroom.accounts.passwords import Passwords
from stockroom.accounts.programs import Programs
from stockroom.accounts.second_factors import SecondFactors
from stockroom.accounts.signing_in import Failures, SignIns
from stockroom.accounts.throttle import Throttle
from stockroom.advisories import views as advisory_views
from stockroom.advisories.service import Advisories
from stockroom.dashboard import doors
from stockroom.db import Database
from stockroom.errors import ConfigurationInvalid
from stockroom.feed import Feed
from stockroom.feed.telling import Telling
from stockroom.filters import Language
from stockroom.health import healthz
from stockroom.index import stages
from stockroom.index import views as index_views
from stockroom.index.delivery import Delivery
from stockroom.index.downloads import Downloads
from stockroom.index.files import Files
from stockroom.index.pages import Pages
from stockroom.index.shelf import Shelf
from stockroom.index.stages import StagedPackages
from stockroom.insight.service import Facts
from stockroom.jobs import Jobs, Runs
from stockroom.mail import Mailer
from stockroom.manage.api import views as manage_views
from stockroom.plugins import Plugins
from stockroom.proxies import TrustedProxies
from stockroom.publish import upload2
from stockroom.publish import views as publish_views
from stockroom.publish.admission import Admission
from stockroom.publish.direct import DirectUploads
from stockroom.publish.examiner import Examiner
from stockroom.publish.service import Publisher
from stockroom.publish.stage_files import StageFiles
from stockroom.publish.stages import Stages
from stockroom.resolution import Resolver, ViewFilters
from stockroom.resources import Directory
from stockroom.security.identities import Identities
from stockroom.security.policy import SecurityPolicy
from stockroom.security.tokens import AccessTokens
from stockroom.security.uses import Uses
from stockroom.settings import Configuration, Settings, read_settings
from stockroom.spi import Storage


class Application(TrustedProxies):
    """The WSGI application, with what it is made of."""

    def __init__(self, router: Router, services: dict[type, object], settings: Settings) -> None:
        super().__init__(router, settings.trusted_proxies)
        self.services = services

    def close(self) -> None:
        """Stop every thread and close every connection; the application is of no use then."""
        cast(Jobs, self.services[Jobs]).close()
        cast(Downloads, self.services[Downloads]).close()
        cast(Uses, self.services[Uses]).close()
        cast(Mailer, self.services[Mailer]).close()
        cast(Telling, self.services[Telling]).close()
        cast(Feed, self.services[Feed]).close()
        cast(Database, self.services[Database]).dispose()


def main(global_config: dict[str, str] | None, **local: str) -> Application:
    """PasteDeploy's entry point: make the application from an ini file's section.

    :raises SystemExit: with every reason why it cannot start, since pserve shows a traceback of
        everything else.
    """
    ini = (global_config or {}).get("__file__", "INI")
    try:
        application = make_app(read_settings(local, f"stockroom -c {ini}"))
    except ConfigurationInvalid as error:
        raise SystemExit("\n".join(f"error: {message}" for message in error.messages)) from error
    # What was made until now lives as long as the process: without it a full collection, which
    # comes in the middle of some request, takes milliseconds instead of a tenth of a second.
    gc.freeze()
    return application


def make_app(configuration: Configuration) -> Application:
    """Make the application; the database must exist and have the right schema.

    :raises ConfigurationInvalid: with every reason why it cannot start.
    """
    under_waitress.prepare()
    settings = configuration.settings
    plugins = Plugins(configuration)
    storage = plugins.storage(settings.storage)
    database = Database(settings)
    migrations.check_schema(database, configuration.command)
    services = _services(settings, plugins, storage, database)
    config = Configurator(
        settings={
            **_of_pyramid(configuration),
            "tm.activate_hook": web.writes,
            "tm.annotate_user": False,
            "tm.commit_veto": "pyramid_tm.default_commit_veto",
        }
    )
    cast(web.Services, config.registry).services = services
    identities, uses = cast(Identities, services[Identities]), cast(Uses, services[Uses])
    config.set_security_policy(SecurityPolicy(identities, uses, settings.base_url))
    web.configure(config)
    index_views.configure(config)
    publish_views.configure(config)
    if settings.upload2:
        upload2.configure(config)
        stages.configure(config)
    manage_views.configure(config)
    advisory_views.configure(config)
    cli_views.configure(config)
    doors.configure(config)
    config.add_route("healthz", "/healthz")
    config.add_view(healthz, route_name="healthz")
    application = Application(config.make_wsgi_app(), services, settings)
    if settings.jobs == "embedded":
        # Last, so that nothing has begun when the start fails.
        cast(Jobs, services[Jobs]).start()
    return application


def _of_pyramid(configuration: Configuration) -> dict[str, str]:
    values = configuration.values.items()
    return {key: value for key, value in values if key.startswith("pyramid.")}


def _services(
    settings: Settings, plugins: Plugins, storage: Storage, database: Database
) -> dict[type, object]:
    """One instance of everything that outlives a request, by its type."""
    feed = Feed(database)
    directory = Directory(database, feed)
    tokens = AccessTokens(database, feed, settings)
    language = plugins.filter_language()
    filters = ViewFilters(language, directory)
    resolver = Resolver(database, filters)
    shelf = Shelf(settings.page_cache_mb * 1024 * 1024, feed, directory, filters)
    admission = Admission()
    examiner = Examiner(plugins, database, admission)
    publisher = Publisher(storage, admission)
    return {
        Settings: settings,
        Plugins: plugins,
        Language: language,
        Database: database,
        Feed: feed,
        Directory: directory,
        AccessTokens: tokens,
        Mailer: Mailer(settings.mail),
        Telling: Telling(database, plugins),
        Programs: Programs(database, tokens, settings),
        Disclosure: Disclosure(database, tokens),
        Identities: Identities(database, feed, settings, tokens, containing=directory.containing),
        **_of_accounts(settings, plugins, database),
        Resolver: resolver,
        Pages: Pages(resolver, shelf, directory, settings),
        Files: Files(resolver, directory, storage, shelf),
        Delivery: Delivery(storage, settings),
        Downloads: Downloads(database, feed),
        Uses: Uses(database, feed),
        Examiner: examiner,
        Publisher: publisher,
        Stages: Stages(publisher, examiner, database),
        StageFiles: StageFiles(publisher, examiner, database),
        StagedPackages: StagedPackages(database, storage),
        DirectUploads: DirectUploads(publisher, examiner, storage, directory, database),
        **_of_jobs(plugins, database),
    }


def _of_jobs(plugins: Plugins, database: Database) -> dict[type, object]:
    """The services for what is done in the background."""
    runs = Runs(database)
    facts = Facts(database, runs, plugins.fact_sources())
    advisories = Advisories(database, facts)
    return {Facts: facts, Jobs: Jobs(runs, facts.jobs), Advisories: advisories}


def _of_accounts(settings: Settings, plugins: Plugins, database: Database) -> dict[type, object]:
    """The services for people who sign in."""
    throttle, passwords = Throttle(database), Passwords()
    return {
        Throttle: throttle,
        Passwords: passwords,
        Failures: Failures(database),
        SignIns: SignIns(database, settings, passwords, throttle),
        SecondFactors: SecondFactors(database, throttle),
        Visits: Visits(database, settings),
        LoginMethods: LoginMethods(plugins.login_methods()),
    }

"""The rules about single values of the core metadata (U-41 to U-55)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.dists import MetadataReading, read_metadata
from stockroom.dists.addresses import bad_addresses
from tests.archives import make_metadata


def reading(*headers: tuple[str, str], metadata_version: str = "2.4") -> MetadataReading:
    return read_metadata(make_metadata(metadata_version=metadata_version, extra_headers=headers))


def broken(*headers: tuple[str, str], metadata_version: str = "2.4") -> list[tuple[str, str]]:
    """Field and code of each violation; nothing else may be found."""
    found = reading(*headers, metadata_version=metadata_version)
    assert found.warnings == ()
    assert found.findings == ()
    return [(violation.field, violation.code) for violation in found.violations]


def policies(*headers: tuple[str, str]) -> list[tuple[str, str, str]]:
    """Rule, policy and code of each finding that is left to the registry."""
    found = reading(*headers)
    assert found.violations == ()
    return [(f.rule, f.policy, f.violation.code) for f in found.findings]


def test_u41_fields_of_the_declared_version_are_fine():
    assert broken(("Dynamic", "Summary"), ("License-File", "LICENSE")) == []


def test_u41_a_newer_field_is_a_warning_and_is_read():
    found = reading(("Dynamic", "Summary"), ("Import-Name", "a"), metadata_version="2.1")

    assert found.violations == ()
    assert found.warnings == ("Metadata-Version 2.1 has no dynamic, import-name; declare 2.5.",)
    assert found.metadata
    assert found.metadata.dynamic == ("Summary",)


@pytest.mark.parametrize("version", ["9.9", "nonsense"])
def test_u41_fields_of_unknown_versions_are_not_judged(version):
    found = reading(("Import-Name", "a"), metadata_version=version)

    assert not any("declare" in warning for warning in found.warnings)


@pytest.mark.parametrize("version", ["1.0+local", "1+1"])
def test_u42_a_local_version_is_a_finding(version):
    [finding] = read_metadata(make_metadata(version=version)).findings

    assert (finding.rule, finding.policy) == ("U-42", "local_versions")
    assert finding.violation.code == "version-local"


@pytest.mark.parametrize("version", ["1.0", "1+", "one+two"])
def test_u42_other_versions_are_none(version):
    assert read_metadata(make_metadata(version=version)).findings == ()


@pytest.mark.parametrize(
    "value",
    [
        "a@home.example",
        "A Name <a@localhost>",
        '"Name, A" <a@home.example>, b@home.example (B, too)',
        "a+b@[192.0.2.1]",
        '"a b"@home.example',
        "\u00fc@m\u00fcnchen.example",
        r'"\"" <a@b>',
    ],
)
@pytest.mark.parametrize("field", ["Author-email", "Maintainer-email"])
def test_u44_addresses_of_any_domain_are_accepted(field, value):
    assert broken((field, value)) == []


@pytest.mark.parametrize(
    "value",
    ["nobody", "a@", "@b", "a@b@c", "a b@c", "A <a@b", "<>", "a@b,", "A Name a@b", '"a@b', "a@b c"],
)
@pytest.mark.parametrize("field", ["Author-email", "Maintainer-email"])
def test_u44_what_is_no_address_is_a_warning(field, value):
    found = reading((field, f"a@b, {value}"))

    assert found.violations == ()
    assert found.findings == ()
    assert [warning.partition(" ")[0] for warning in found.warnings] == [field]


def test_u44_all_addresses_are_looked_at_and_some_are_shown():
    assert len(reading(("Author-email", "a@b," + "x," * 50_000)).warnings) <= 20
    assert len(reading(("Author-email", "x, a@b, y")).warnings) == 2


@given(st.text(st.sampled_from('a@b<>(),"\\\\ ;[]'), max_size=40))
def test_u44_any_text_gives_an_answer_and_addresses_are_found_behind_it(text):
    found = list(bad_addresses(f"{text}\n"))

    assert all(part == part.strip() for part in found)
    assert found or "@" in text


@given(st.lists(st.emails(), min_size=1, max_size=5))
def test_u44_every_plain_address_is_accepted(emails):
    plain = [email for email in emails if '"' not in email]

    assert list(bad_addresses(", ".join(f"A Name <{email}>" for email in plain))) == (
        [] if plain else [""]
    )


@pytest.mark.parametrize("character", '"(\\<>@,a')
def test_u44_long_fields_take_no_hours(character):
    assert reading(("Author-email", character * 500_000)).warnings


def test_u43_a_summary_of_several_lines_is_refused():
    assert broken(("Summary", "one\n  two")) == [("summary", "summary-lines")]


def test_u43_a_long_summary_is_a_finding():
    assert policies(("Summary", "s" * 512)) == []
    assert policies(("Summary", "s" * 513)) == [("U-43", "long_summary", "summary-too-long")]


@pytest.mark.parametrize("value", ["", "UNKNOWN"])
@pytest.mark.parametrize("field", ["Summary", "Home-page", "Description-Content-Type"])
def test_a_field_without_a_value_breaks_no_rule(field, value):
    assert broken((field, value)) == []


@pytest.mark.parametrize(
    "classifier", ["Private :: Do Not Upload", "Private :: Acme :: Tools", "Typing :: Typed"]
)
def test_u45_private_classifiers_are_accepted(classifier):
    found = reading(("Classifier", classifier))

    assert broken(("Classifier", classifier)) == []
    assert found.metadata
    assert found.metadata.classifiers == (classifier,)


@pytest.mark.parametrize(
    ("classifier", "advice"),
    [
        ("Natural Language :: Ukranian", "use 'Natural Language :: Ukrainian'."),
        ("License :: OSI Approved :: Intel Open Source License", "leave it out."),
    ],
)
def test_u45_a_deprecated_classifier_is_a_finding_that_names_the_newer_one(classifier, advice):
    [finding] = reading(("Classifier", classifier)).findings

    assert (finding.rule, finding.policy) == ("U-45", "deprecated_classifiers")
    assert finding.violation.message.endswith(advice)


@pytest.mark.parametrize(
    ("classifier", "advice"),
    [
        ("Topic :: Software Devlopment", "it may be 'Topic :: Software Development'"),
        ("TYPING :: TYPED", "it may be 'Typing :: Typed'"),
        ("Nothing :: Like This", "leave it out"),
        ("Private", "leave it out"),
    ],
)
def test_u45_an_unknown_classifier_is_a_finding_with_the_closest_known_one(classifier, advice):
    [finding] = reading(("Classifier", classifier)).findings

    assert (finding.rule, finding.policy) == ("U-45", "unknown_classifiers")
    assert advice in finding.violation.message


def test_u45_each_classifier_is_told_of_once_and_few_are_compared(monkeypatch):
    compared = []
    monkeypatch.setattr(
        "stockroom.dists.classifiers.get_close_matches",
        lambda value, *_, **__: compared.append(value),
    )

    found = reading(*[("Classifier", f"Unknown :: {number % 10}") for number in range(1000)])

    assert len(found.findings) == 10
    assert len(compared) == 3


def test_u45_a_long_classifier_is_not_compared():
    [finding] = reading(("Classifier", "Typing :: Typed" + "d" * 100)).findings

    assert "leave it out" in finding.violation.message


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "HTTP://example.org/",
        "https://user@example.org:8443/a;b/c?d=e&f=%20#g/h?i",
        "https://[2001:db8::1]/",
        "https://example.org/~me/(a)/b*c,d'e!",
        "https:path",
        "http:///path",
        "https://chat.example/#/#room:example.org",
    ],
)
def test_u46_urls_for_a_browser_are_accepted(url):
    assert broken(("Home-page", url), ("Download-URL", url), ("Project-URL", f"Docs,{url}")) == []


@pytest.mark.parametrize(
    "url",
    [
        "example.org",
        "www.example.org/project",
        "//example.org",
        "https//example.org",
        "https://example.org/a b",
        "https://example.org/<project>",
        "https://example.org/100%",
        "https://example.org/%zz",
        "https://example.org/\u00fc",
        "https://example.org/a[0]",
        "https://[::1/",
        "https://example.org:port/",
        "git@example.org:team/project.git",
        "1http://example.org",
    ],
)
def test_u46_what_is_no_url_is_refused(url):
    assert broken(("Home-page", url)) == [("home_page", "url-invalid")]
    assert broken(("Download-URL", url)) == [("download_url", "url-invalid")]
    assert broken(("Project-URL", f"Docs, {url}")) == [("project_urls", "url-invalid")]


@pytest.mark.parametrize("url", ["ftp://example.org", "javascript:alert(1)", "mailto:a@b.example"])
def test_u46_other_schemes_are_refused(url):
    assert broken(("Project-URL", f"Docs, {url}")) == [("project_urls", "url-scheme")]


@pytest.mark.parametrize(
    "url",
    ["ssh://git@example.org/a.git", "git://example.org/a", "git+ssh://git@example.org/a", "GIT:a"],
)
def test_u46_a_repository_is_a_finding(url):
    assert policies(("Home-page", url)) == [("U-46", "repository_urls", "url-of-repository")]


@pytest.mark.parametrize(
    "value", ["https://example.org/a", ", https://example.org", f"{'l' * 33}, https://example.org"]
)
def test_u46_a_label_has_1_to_32_characters(value):
    assert broken(("Project-URL", value)) == [("project_urls", "project-url-label")]


def test_u46_a_label_of_32_characters_is_accepted():
    assert broken(("Project-URL", f"{'l' * 32}, https://example.org")) == []


@pytest.mark.parametrize("field", ["Requires-Dist", "Provides-Dist", "Obsoletes-Dist"])
def test_u47_a_url_instead_of_a_version_is_a_finding(field):
    found = policies((field, "a @ https://files.example/a.whl ; os_name == 'nt'"))

    assert found == [("U-47", "direct_references", "direct-reference")]


@pytest.mark.parametrize("field", ["Requires-Dist", "Provides-Dist", "Obsoletes-Dist"])
def test_u47_a_version_is_accepted(field):
    assert broken((field, "a[b]>=1; os_name == 'nt'")) == []


@pytest.mark.parametrize("field", ["Provides-Dist", "Obsoletes-Dist"])
def test_u47_what_nobody_resolves_may_be_invalid_but_for_a_warning(field):
    found = reading((field, "a b"))

    assert found.violations == ()
    assert [warning.partition(" ")[0] for warning in found.warnings] == [field]


@pytest.mark.parametrize("field", ["Requires", "Provides", "Obsoletes", "Requires-External"])
def test_u57_fields_of_the_past_are_free_text(field):
    assert broken((field, "any (thing) at all")) == []


@pytest.mark.parametrize("field", ["license-file", "Requires-Dist", "IMPORT-NAME"])
def test_u49_known_fields_may_be_dynamic(field):
    assert broken(("Dynamic", field)) == []


@pytest.mark.parametrize(
    "field", ["Name", "version", "Metadata-Version", "Nonsense", "license_file"]
)
def test_u49_other_fields_may_not_be_dynamic(field):
    assert broken(("Dynamic", field)) == [("dynamic", "dynamic-invalid")]


@pytest.mark.parametrize(
    "value",
    [
        "text/plain",
        "text/x-rst; charset=UTF-8",
        'TEXT/Markdown;charset="utf-8";variant=CommonMark;',
        "text/markdown; variant=GFM",
        "text/plain; variant=anything",
        "text/markdown; format=flowed",
    ],
)
def test_u50_content_types_that_can_be_shown_are_accepted(value):
    assert broken(("Description-Content-Type", value)) == []


@pytest.mark.parametrize(
    "value",
    [
        "text/html",
        "markdown",
        "text/plain; charset=latin-1",
        "text/markdown; variant=Original",
        "text/markdown; variant",
        "text/markdown; =GFM",
        "text/markdown; variant=",
        "text/plain" + ";" * 2000,
    ],
)
def test_u50_other_content_types_are_refused(value):
    assert broken(("Description-Content-Type", value)) == [
        ("description_content_type", "description-content-type-invalid")
    ]


def test_u51_license_and_license_expression_exclude_each_other():
    assert broken(("License", "MIT"), ("License-Expression", "MIT")) == [
        ("license", "license-stated-twice")
    ]


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        ("mit", "MIT"),
        ("apache-2.0 or (mit and BSD-3-clause)", "Apache-2.0 OR (MIT AND BSD-3-Clause)"),
        ("gpl-2.0-only with classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("licenseref-Acme", "LicenseRef-Acme"),
    ],
)
def test_u52_an_expression_is_stored_in_its_canonical_case(value, canonical):
    found = reading(("License-Expression", value))

    assert found.violations == ()
    assert found.metadata
    assert found.metadata.license_expression == canonical


@pytest.mark.parametrize(
    "value",
    [
        "My own license",
        "MIT or",
        "(MIT",
        "MIT MIT",
        "LicenseRef-a_b",
        "MIT OR " * 1000 + "MIT",
        "(" * 900 + "MIT" + ")" * 900,
    ],
)
def test_u52_what_is_no_expression_is_refused_and_kept(value):
    found = reading(("License-Expression", value))

    assert [v.code for v in found.violations] == ["license-expression-invalid"]
    assert found.metadata
    assert found.metadata.license_expression == value


@pytest.mark.parametrize("depth", range(100, 220, 10))
def test_u52_nested_parentheses_give_an_answer(depth):
    value = "MIT OR (" * depth + "MIT" + ")" * depth

    assert reading(("License-Expression", value)).metadata


@pytest.mark.parametrize("path", ["LICENSE", "licenses/a b.txt", "a..b", ".licenses/x", "ab:c"])
def test_u53_relative_paths_are_accepted(path):
    assert broken(("License-File", path)) == []


@pytest.mark.parametrize(
    "path", ["/LICENSE", "../LICENSE", "a/../b", "a/..", "..", "LICEN[CS]E*", "a\\b", "C:/LICENSE"]
)
def test_u53_other_paths_are_refused(path):
    assert broken(("License-File", path)) == [("license_files", "license-file-path")]


def test_u53_before_metadata_2_4_the_field_has_no_meaning():
    assert reading(("License-File", "../LICENSE"), metadata_version="2.1").violations == ()


@pytest.mark.parametrize("extra", ["test", "a-b", "x1"])
def test_u54_normalised_extras_are_accepted(extra):
    assert broken(("Provides-Extra", extra)) == []


@pytest.mark.parametrize("extra", ["-", "a b", "\u017f", "all["])
def test_u54_what_is_no_name_is_refused(extra):
    assert broken(("Provides-Extra", extra)) == [("provides_extra", "provides-extra-invalid")]


def test_u54_extras_that_are_not_normalised_are_a_warning_since_metadata_2_3():
    extra = ("Provides-Extra", "Some_Thing")

    assert broken(extra, metadata_version="2.2") == []
    assert reading(extra, metadata_version="2.3").violations == ()
    assert reading(extra, metadata_version="2.3").warnings == (
        "Provides-Extra 'Some_Thing' should be 'some-thing'.",
    )


@pytest.mark.parametrize("name", ["sample", "sample.sub", "_private", "a ; private", "caf\u00e9"])
@pytest.mark.parametrize("field", ["Import-Name", "Import-Namespace"])
def test_u55_dotted_identifiers_are_accepted(field, name):
    assert broken((field, name), metadata_version="2.5") == []


@pytest.mark.parametrize(
    "name", ["a-b", "a..b", ".a", "1a", "a.class", "a; public", "a;", "; private", "a." * 1000]
)
@pytest.mark.parametrize("field", ["Import-Name", "Import-Namespace"])
def test_u55_other_names_are_refused(field, name):
    expected = (field.lower().replace("-", "_"), f"{field.lower()}-invalid")

    assert broken((field, name), metadata_version="2.5") == [expected]


def test_u55_one_name_in_both_roles_is_refused():
    headers = [("Import-Name", "a"), ("Import-Name", "a.b"), ("Import-Namespace", "a; private")]

    assert broken(*headers, metadata_version="2.5") == [("import_name", "import-name-ambiguous")]


def test_bad_values_are_all_told_of_up_to_a_limit():
    urls = [("Project-URL", f"Label {number}, nothing") for number in range(100)]

    found = reading(*urls, ("Dynamic", "Name"), ("Provides-Extra", "-"))

    codes = [violation.code for violation in found.violations]
    assert codes == ["url-invalid"] * 20 + ["dynamic-invalid", "provides-extra-invalid"]


def test_values_are_looked_at_even_if_name_and_version_are_missing():
    found = read_metadata(b"Metadata-Version: 2.4\nDynamic: Name\nLicense-File: /x\n")

    assert [violation.code for violation in found.violations] == [
        "name-missing",
        "version-missing",
        "dynamic-invalid",
        "license-file-path",
    ]

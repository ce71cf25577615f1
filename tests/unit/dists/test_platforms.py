"""Platform tags (U-87)."""

from __future__ import annotations

import pytest

from stockroom.dists import WheelFilename, parse_filename
from stockroom.dists.platforms import platform_findings


def found(platforms):
    filename = parse_filename(f"sample-1.0-py3-none-{platforms}.whl")
    assert isinstance(filename, WheelFilename)
    return list(platform_findings(filename))


@pytest.mark.parametrize(
    "tag",
    [
        "any",
        "win32",
        "win_amd64",
        "macosx_10_9_x86_64",
        "macosx_11_0_arm64",
        "macosx_27_0_universal2",
        "manylinux1_i686",
        "manylinux2014_aarch64",
        "manylinux_2_28_ppc64",
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "musllinux_1_2_riscv64",
        "linux_armv7l",
        "ios_13_0_arm64_iphonesimulator",
        "android_21_arm64_v8a",
        "pyemscripten_2025_0_wasm32",
        "WIN_AMD64",
    ],
)
def test_u87_tags_that_say_exactly_where_a_wheel_works_are_fine(tag):
    assert found(tag) == []


@pytest.mark.parametrize(
    "tag",
    [
        "linux_x86_64",
        "win_mips",
        "macosx_11_1_arm64",
        "macosx_9_0_ppc",
        "macosx_11_0_any",
        "manylinux_2_x86_64",
        "manylinux2015_x86_64",
        "musllinux_1_1_ppc64",
        "ios_13_0_arm64",
        "android_21_mips",
        "solaris",
        "anything",
        "manylinux_2_17_x86_64.linux_x86_64.plan9",
    ],
)
def test_u87_one_finding_tells_of_the_first_other_tag(tag):
    [finding] = found(tag)

    assert (finding.rule, finding.policy) == ("U-87", "platform_tags")
    assert finding.violation.code == "wheel-platform-tag"
    assert "plan9" not in finding.violation.message

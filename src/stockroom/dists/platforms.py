"""Platform tags of wheels: which of them say exactly where the wheel works (U-87)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stockroom.dists.filenames import WheelFilename
from stockroom.dists.policies import Finding, PolicyFinding
from stockroom.dists.quoting import quoted
from stockroom.spi.violations import Violation

_LINUX = "x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64"
_MAC = "x86_64|arm64|universal2|universal|intel|i386|fat|fat3|fat32|fat64|ppc|ppc64"
# Systems are told by the form of their numbers: a list of those of today would need an edit a year.
_KNOWN = re.compile(
    "|".join(
        [
            "any",
            "win32",
            "win_(?:amd64|arm64|ia64)",
            # Since macOS 11 the second number says nothing, and is 0.
            rf"macosx_(?:10_[0-9]{{1,2}}|(?:1[1-9]|[2-9][0-9])_0)_(?:{_MAC})",
            rf"manylinux(?:1|2010|2014|_[0-9]{{1,3}}_[0-9]{{1,3}})_(?:{_LINUX}|ppc64)",
            rf"musllinux_[0-9]{{1,3}}_[0-9]{{1,3}}_(?:{_LINUX})",
            "linux_armv[67]l",
            "ios_[0-9]{1,3}_[0-9]{1,3}_(?:arm64|x86_64)_iphone(?:os|simulator)",
            "android_[0-9]{1,3}_(?:armeabi_v7a|arm64_v8a|x86|x86_64)",
            "pyemscripten_[0-9]{1,4}_[0-9]{1,3}_wasm32",
        ]
    ),
    re.ASCII,
)


def platform_findings(filename: WheelFilename) -> Iterator[Finding]:
    """Tell of the first platform tag that says too little, or names no known system."""
    for tag in filename.platform_tag.lower().split("."):
        if not _KNOWN.fullmatch(tag):
            yield PolicyFinding(
                "U-87",
                "platform_tags",
                Violation(
                    "filename",
                    "wheel-platform-tag",
                    f"The platform tag {quoted(tag)} of the filename does not say exactly which"
                    " systems the wheel works on; repair a wheel for Linux with auditwheel.",
                ),
            )
            return

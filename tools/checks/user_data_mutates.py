"""What a server does at its first boot installs and fetches nothing: everything is in its image.

**Why.** Packages and files that are fetched at boot make the image half of the artifact: two servers of one release
differ by the day they started, what was scanned and signed is not what serves, and a mirror that is down keeps the
group from replacing anything.

**What is examined.** The user data of each release that its group launches now, or that a server still runs: each line
that installs packages, adds a repository, downloads something, pipes a download into a shell, fetches configuration or
installs an agent, told apart. Its text is never kept, only the first words of such lines.

**How to fix.** Bake it into the image (EC2 Image Builder, Packer) and leave to user data what differs between two
servers of one image: the name of the environment, of the cluster that is joined. What has to stay is allowed here,
by the kind of the line (`package`, `repository`, `download`, `pipe-to-shell`, `configuration`, `agent`) and how its
command begins (`*` stands for any text):

    [checks.user-data-mutates.allow]
    agent = ["cfn-init*"]

**Limits.** What a script that is in the image does when user data calls it is not seen; nor is what a service fetches
once it runs. User data in a form that is not known is inconclusive. Servers that no release made are not examined:
their user data is not read.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from tools.check import View, Violation, Violations, check
from tools.model.nouns import Release
from tools.model.observation import NotApplicable, NotObserved

CODES = {
    "package": ("installs-packages", "it installs packages at boot"),
    "repository": ("adds-repository", "it adds a package repository at boot"),
    "download": ("downloads", "it downloads files at boot"),
    "pipe-to-shell": ("pipes-to-shell", "it runs at boot what it downloads"),
    "configuration": ("fetches-configuration", "it fetches configuration at boot"),
    "agent": ("installs-agent", "it installs an agent at boot"),
}
"""Each kind of line's cause code, and what is said of it."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`allow` maps a kind of line to how the commands begin that may stay (`*` stands for any text)."""

    allow: dict[str, list[str]] = {}


@check(Release, severity="medium", principle="image-based", settings=Settings, scopes=("aws",))
def examine(release: Release, view: View) -> Violations:
    """A violation for each kind of thing that its user data fetches or changes."""
    if not _in_use(release, view):
        raise NotApplicable("it is not its group's current release, and no server runs it")
    boot, allow = release.boot, view.settings(Settings).allow
    lines: dict[str, list[int]] = {}
    for step in boot.steps:
        if not any(fnmatchcase(step.command, pattern) for pattern in allow.get(step.kind, ())):
            lines.setdefault(step.kind, []).append(step.line)
    for kind, numbers in lines.items():
        code, told = CODES.get(kind, ("changes-itself", "it changes itself at boot"))
        where = f"line{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))} of its user data"
        yield Violation(code, f"{told}: {where}", [(release, "boot.fetches"), (release, "boot.digest")])
    if boot.form == "unknown" and boot.size:
        told = f"its user data ({boot.size} bytes) is in no form that is known, and what it does was not read"
        raise NotObserved(told, "unknown-form", "write it as a shell script or as cloud-config")


def _in_use(release: Release, view: View) -> bool:
    """Whether its group launches it now, or a server runs it."""
    missed: NotObserved | None = None
    try:
        workload = view.workload_of(release)
        if workload is not None and view.current_release(workload).ref == release.ref:
            return True
    except NotObserved as missing:
        missed = missing
    if any(not instance.finished for instance in view.instances_of(release)):
        return True
    if missed is not None:
        raise missed
    return False

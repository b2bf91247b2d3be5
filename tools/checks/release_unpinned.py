"""A group of servers names its release by a number, and that release names its image by id.

**Why.** `$Latest` and `$Default` are pointers, and so is `resolve:ssm:…`: whoever writes a version of the template, or
the parameter, changes what the group launches next. No release was made, no rollout runs and nobody reviewed it; the
next scale-out mixes it with the old. And EC2 Auto Scaling refuses to roll such a group back
(`RollbackInstanceRefresh`).

**What is examined.** How the group names its launch template, also in each override of a mixed instances policy, and
how each template and override that it can launch from names its image.

**How to fix.** Let the pipeline write a new version of the template with the image's id, and name that version's number
in the group (`aws autoscaling update-auto-scaling-group`, or the `DesiredConfiguration` of an instance refresh). Where
a parameter has to stay, name its version: `resolve:ssm:/images/web:7`.

**Limits.** A launch configuration can't be changed once it is made, so a group that names one is pinned. A parameter's
version is taken as pinned (SSM keeps the last hundred, and never changes one); a label of it can be moved. Fleets, and
groups that something else keeps, are not read: inconclusive.
"""

from __future__ import annotations

import re

from tools.check import View, Violation, Violations, check
from tools.model.image import machine_image
from tools.model.nouns import Part, Workload
from tools.model.observation import NotObserved

POINTERS = {"$Latest": "by-latest", "$Default": "by-default"}
"""How a group names a version that somebody else can move, and the cause code of each."""
PARAMETER = "resolve:ssm:"


@check(Workload, severity="high", principle="image-based", scopes=("aws",))
def examine(workload: Workload, view: View) -> Violations:
    """Violations for each pointer that decides what the group launches next."""
    if not workload.read:
        raise NotObserved(f"{workload.ref} is known by reference alone", "not-read", "record its kind too")
    named = set(re.split(r"[\s,;:]+", workload.group.named))
    for pointer, code in POINTERS.items():
        if pointer in named:
            told = f"it launches {pointer} of its template: whoever writes a version changes its release"
            yield Violation(code, told, [(workload, "group.named")])
    silent: Part | None = None
    for part in view.current_release(workload).parts:
        if machine_image(part.image) is not None or _fixed(part.image):
            continue
        if part.image.startswith(PARAMETER):
            told = f"it launches the image that {part.image} names at that moment"
            yield Violation("image-by-parameter", told, [(part, "image")])
        else:
            silent = part
    if silent is not None:
        told = f"{silent.ref} names {silent.image or 'no image'}, of which nothing says whether it can be moved"
        raise NotObserved(told, "unreadable-image")


def _fixed(image: str) -> bool:
    """Whether an image is named by one version of a parameter (`resolve:ssm:NAME:7`)."""
    name, _, version = image.removeprefix(PARAMETER).rpartition(":")
    return image.startswith(PARAMETER) and bool(name) and version.isascii() and version.isdigit()

"""What an SSM document does to the instance that it runs on, and what was run, with no secret in it.

No customer's document may have a name that begins with AWS or Amazon (ssm.CreateDocument), so those names are AWS's.
"""

from __future__ import annotations

from typing import Literal

from tools.collect.aws.wire.acts import Command
from tools.collect.kubernetes.auditlog.masking import masked
from tools.model.change import Act

READING = (
    "AWS-GatherSoftwareInventory",
    "AWS-ListWindowsInventory",
    "AWS-FindWindowsUpdates",
    "AWS-RunInspecChecks",
    "AmazonInspector2-InvokeInspectorSsmPlugin",
    "AmazonInspector2-InvokeInspectorLinuxSsmPlugin",
)
"""Documents that only look."""
PATCHING = (
    "AWS-RunPatchBaseline",
    "AWS-RunPatchBaselineAssociation",
    "AWS-RunPatchBaselineWithHooks",
    "AWS-ApplyPatchBaseline",
    "AWS-InstallWindowsUpdates",
)
"""Documents that scan or install, by their parameter `Operation` (`Action`)."""
Effect = Literal["reads", "patches", "runs", "scans-or-patches"]


def effect_of(document: str, parameters: dict[str, tuple[str, ...]] | None) -> Effect:
    """What a run of a document does; `parameters` are None where they are not told."""
    name = document.rpartition("/")[2] if document.startswith("arn:aws") and "::document/" in document else document
    if name in READING:
        return "reads"
    if name not in PATCHING:
        return "runs"
    asked = [] if parameters is None else [v for key in ("Operation", "Action") for v in parameters.get(key, ())]
    if not asked:
        return "scans-or-patches"
    return "patches" if any(value.lower() == "install" for value in asked) else "reads"


def act_of(effect: Effect) -> Act:
    """The act of Run Command that it is. Where nobody tells whether it installed anything, a command was run."""
    return "patch-baseline" if effect == "patches" else "run-command"


def told(command: Command) -> str:
    """What was run: the document, and its commands or else its parameters, masked."""
    if commands := command.parameters.get("commands"):
        return masked(f"{command.document_name}: {'; '.join(line for line in commands if line.strip())}")
    given = [f"{key}={', '.join(values)}" for key, values in sorted(command.parameters.items()) if any(values)]
    return masked(" ".join([command.document_name, *given]))

"""`auditor init`: look around, and write a commented `auditor.toml`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from auditor.commands.looking import progress
from auditor.render.init import print_found
from auditor.render.text import console
from auditor.settings import FILE
from auditor.setup.looking import look
from auditor.setup.write import text, write
from tools.catalogue import discover
from tools.errors import UsageError


def init(source: str, kubeconfig: str, context: str, config: str, force: bool, shown: bool) -> int:
    """Write the file, or show it on standard output alone. 0, also where no cluster was found."""
    if source and context:
        raise UsageError("--source and --context were both given", mend="give one: kubernetes:CONTEXT is the same")
    path = Path(config or FILE)
    if not shown and os.path.lexists(path) and not force:
        raise UsageError(f"{path} is there already", "it is not overwritten", "--force overwrites it; --print shows")
    say = progress()
    try:
        found = look(source, kubeconfig, context, say)
    finally:
        say("")
    content = text(found, discover())
    if shown:
        sys.stdout.write(content)
        return 0
    write(path, content, force=force)
    print_found(found, str(path), console())
    return 0

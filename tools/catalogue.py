"""The catalogue: finds the checks, one file each in a folder, and converts their settings. No registration."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from tools import checks as builtin
from tools.check import AnyCheck, Check
from tools.errors import AuditorError, UsageError


def discover(folder: Path | None = None) -> list[AnyCheck]:
    """All checks of a folder (by default the product's own), by id. A file there without a check is an error."""
    root = folder or Path(builtin.__path__[0])
    files = sorted(path for path in root.glob("*.py") if path.name != "__init__.py")
    return [_load(path, own=folder is None) for path in files]


def _load(path: Path, own: bool) -> AnyCheck:
    """Load one file. A folder's own goes by a module name that no check of the product has."""
    if own:
        return _named(importlib.import_module(f"{builtin.__name__}.{path.stem}"), path)
    name = f"auditor_checks_{abs(hash(path.resolve()))}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise AuditorError(f"{path} can't be loaded as a check")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError, AttributeError, NameError, TypeError) as error:
        raise AuditorError(f"{path} can't be loaded as a check", f"{type(error).__name__}: {error}") from error
    return _named(module, path)


def _named(module: ModuleType, path: Path) -> AnyCheck:
    found = getattr(module, "examine", None)
    if not isinstance(found, Check):
        raise AuditorError(f"{path.name} holds no check", "there is no generator `examine` decorated with @check")
    if not module.__doc__:
        raise AuditorError(f"{path.name} has no page", "a check's module docstring is its public page")
    return msgspec.structs.replace(found, id=path.stem.replace("_", "-"), page=module.__doc__.strip())


def convert_settings(checks: list[AnyCheck], given: dict[str, Any]) -> dict[str, msgspec.Struct]:
    """The checks' settings (id → plain data) as their Structs, by module; all errors are raised here, at the start."""
    known = {check.id: check for check in checks}
    converted: dict[str, msgspec.Struct] = {}
    for name, data in given.items():
        if name not in known:
            raise UsageError(f"there is no check {name!r}", f"known: {', '.join(sorted(known))}")
        kind = known[name].settings
        if kind is None:
            raise UsageError(f"check {name} has no settings")
        try:
            converted[kind.__module__] = msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            raise UsageError(f"[checks.{name}] is not valid", str(error)) from error
    return converted

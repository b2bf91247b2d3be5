"""The demonstration: a fleet recorded from a real cluster by `python -m tests.lab.record` (`shop/`), servers on an
embedded AWS (`fleet`, made by `hands`), what it plays on (`stage`), and its parts (`walk`)."""

from __future__ import annotations

from pathlib import Path

RECORDING = Path(__file__).resolve().parent / "shop"
"""The recorded cluster. Its nodes name no provider."""

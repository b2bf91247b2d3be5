"""A deployment path on a terminal: the stops from host to commit's end, and each edge's standing between them."""

from __future__ import annotations

from rich.console import Console

from auditor.render.text import line
from tools.model.path import Path

STYLES = {
    "verified": "green",
    "reported": "cyan",
    "inferred": "yellow",
    "contradicted": "bold red",
    "unknown": "dim",
}
MARKS = {"verified": "│", "reported": "┆", "inferred": "┆", "contradicted": "╳", "unknown": "┊"}


def print_paths(paths: list[Path], out: Console) -> None:
    """Print each distinct path once, with how many instances share it."""
    groups: dict[tuple[object, ...], list[Path]] = {}
    for path in paths:
        key: tuple[object, ...] = (
            path.container,
            *(s.label for s in path.stops[:5]),
            *(e.standing for e in path.edges),
        )
        key += (path.below is not None and path.below.instance,)
        groups.setdefault(key, []).append(path)
    for members in groups.values():
        _print(members, out)


def _print(members: list[Path], out: Console) -> None:
    path = members[0]
    others = f"  and {len(members) - 1} more like it" if len(members) > 1 else ""
    out.print(line((f"{path.instance}  container {path.container}", "bold"), (others, "dim")))
    for index, stop in enumerate(path.stops):
        style = "dim" if stop.label in ("unknown", "none") else ""
        out.print(line(f"  {stop.noun:<9} ", (stop.label, style)))
        if index < len(path.edges):
            edge = path.edges[index]
            since = f"  since {edge.since}" if edge.since else ""
            said = f"{MARKS[edge.standing]} {edge.standing:<13}"
            out.print(line("      ", (said, STYLES[edge.standing]), edge.note, (since, "dim")))
            if edge.standing == "contradicted":
                for item in edge.evidence:
                    out.print(line("        ", (f"{item.id} {item.ref} {item.pointer} = ", "dim"), f"{item.value!r}"))
    out.print()
    if path.below is not None:
        out.print(line(("the server below it", "dim")))
        _print([path.below], out)

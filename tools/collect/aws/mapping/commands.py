"""Lines of a script (shell, PowerShell, batch), told apart by what they fetch or change on a server.

A line is read as a person skims it: split at `;`, `&&`, `||` and `|`, with what stands in `$(…)`, backticks and quoted
scripts looked at too; heredocs are read as lines. A step's `command` is made of words that stand in this file's own
tables, and of package and host names, never of another argument: those may be secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.collect.aws.mapping.hosts import host_of
from tools.collect.aws.mapping.tools_at_boot import BEFORE, FLAGS, QUIET, SHELLS, TOOLS, WRITES, Tool
from tools.model.group import BootStep

_SPLIT = re.compile(r"&&|\|\||[;|]|\$\(|<\(|`|[(){}]")
_WORD = re.compile(r"""(?:"(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$)|[^\s"'])+""")
_ASSIGNMENT = re.compile(r"\$?(?:env:)?[A-Za-z_]\w*\+?=")
_PACKAGE = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9._+/-]{0,63}")
_OWN = re.compile(r"://(?:169\.254\.169\.254|169\.254\.170\.2|\[fd00:ec2::254\]|localhost|127\.0\.0\.1)(?=[:/\s\"']|$)")
"""The instance metadata service and the server itself: asking them fetches nothing that could differ."""
_NOWHERE = re.compile(r"2>\S*|&?>\s*/dev/null|>&\d")
_METHOD = re.compile(r"\.(downloadstring|downloadfile)\(", re.IGNORECASE)
_SENDS = re.compile(r"(?:^|\s)(?:-X\s*|--request[ =]|-Method\s+)\"?(?:POST|PUT|PATCH|DELETE)\b", re.IGNORECASE)
_PLACE = r"(?:[\w./-]*/)?"
_RUNS = re.compile(rf"\|\s*(?:sudo\s+(?:-\S+\s+)*)?{_PLACE}(?:{'|'.join(SHELLS)})(?:[\s\"')]|$)")
_RUNS_INSIDE = re.compile(
    rf"(?:^|[\s;&|]){_PLACE}(?:{'|'.join(SHELLS)}|source|\.|eval)\s+(?:-\S+\s+)*\"?(?:<\(|\$\(|`)\s*(?:curl|wget)\b"
)
_EVALUATES = re.compile(r"\b(?:iex|invoke-expression)\b", re.IGNORECASE)
_FETCHES = re.compile(r"\b(?:iwr|irm|invoke-webrequest|invoke-restmethod|downloadstring)\b", re.IGNORECASE)
_WRITER = re.compile(r">|\btee\b|\s-[oO]\b|\b(?:cp|mv|install)\b")
FIRST, MOST = 16, 200
"""Among how many words of a command its tool is looked for (others may stand before it), and how many are looked at."""


def lines_of(text: str, before: int) -> Iterator[BootStep]:
    """The steps of a script that starts after `before` other lines."""
    for number, line in _joined(text, before):
        bare = line.strip()
        if not bare or bare.startswith(("#", "REM ", "::")):
            continue
        for kind, command in steps_of(bare):
            yield BootStep(number, kind, command)


def steps_of(line: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """What one line does, as kind and command, each once. `depth` counts the quotes that it stood in."""
    found: dict[tuple[str, str], None] = {}
    for segment in _SPLIT.split(line):
        step = _step(segment, line, depth)
        if step is not None:
            found[step] = None
    method = _METHOD.search(line)
    if method is not None:  # PowerShell's (New-Object Net.WebClient).DownloadFile(…)
        found["download", f"{method[1].lower()} {host_of(line) or ''}".rstrip()] = None
    for told in _written(line):
        found["repository", told] = None
    fetched = [command for kind, command in found if kind == "download"]
    if fetched and _runs(line):
        del found["download", fetched[0]]
        yield "pipe-to-shell", f"{fetched[0]} | {_shell(line)}"
    yield from found


def _runs(line: str) -> bool:
    """Whether a line runs what it fetched."""
    if _RUNS.search(line) or _RUNS_INSIDE.search(line):
        return True
    return _EVALUATES.search(line) is not None and _FETCHES.search(line) is not None


def _written(line: str) -> Iterator[str]:
    """The places of package repositories that a line writes to."""
    for place, told in WRITES.items():
        for segment in re.split(r"[|;]", line) if place in line else ():
            before, here, _ = segment.partition(place)
            if here and _WRITER.search(before):
                yield told


def _joined(text: str, before: int) -> Iterator[tuple[int, str]]:
    """The lines with their numbers; one that goes on (a backslash, or PowerShell's backtick, at its end) with the
    next, under the first one's number."""
    held, start = "", 0
    for number, line in enumerate(text.splitlines(), before + 1):
        start = start if held else number
        stripped = line.rstrip()
        if stripped.endswith(("\\", " `")) and not stripped.lstrip().startswith("#"):
            held += stripped[:-1] + " "
            continue
        yield start, held + line
        held = ""
    if held:
        yield start, held


def _step(segment: str, line: str, depth: int) -> tuple[str, str] | None:
    words = [word.strip("\"'") for word in _WORD.findall(segment)]
    while words and (_ASSIGNMENT.match(words[0]) or words[0] in BEFORE):
        words = words[1:]
    if not words or words[0].lower() in QUIET or words[:2] == ["command", "-v"]:
        return None
    words = words[:MOST]
    for index, word in enumerate(words[:FIRST]):
        if " " in word:  # a quoted script: bash -c "…"
            inner = next(steps_of(word, depth + 1), None) if depth < 3 else None
            if inner is not None:
                return inner
            continue
        name = re.split(r"[/\\]", word)[-1].lower().removesuffix(".exe")
        for tool in TOOLS.get(name, ()):
            verb = _verb(tool, words[index + 1 :])
            if verb is not None:
                return _told(tool, name, verb, words[index + 1 :], segment, line)
    return None


def _verb(tool: Tool, after: list[str]) -> tuple[str, int] | None:
    """The tool's verb and where the words after it begin; None where it does something else."""
    if not tool.verbs:
        return "", 0
    for verb in tool.verbs:
        wanted = verb.split()
        for index in range(len(after) - len(wanted) + 1):
            if [word.lower() for word in after[index : index + len(wanted)]] == wanted:
                if all(word.startswith("-") or _follows(after, at) for at, word in enumerate(after[:index])):
                    return verb, index + len(wanted)
                break
    return None


def _follows(after: list[str], at: int) -> bool:
    """Whether the word before it is an option, whose value it may be."""
    return at > 0 and after[at - 1].startswith("-")


def _told(
    tool: Tool, name: str, verb: tuple[str, int], after: list[str], segment: str, line: str
) -> tuple[str, str] | None:
    if tool.names == "host":
        if _OWN.search(segment) or (
            _SENDS.search(segment) and name in ("curl", "invoke-webrequest", "invoke-restmethod")
        ):
            return None
        named = [host_of(segment) or ""]
    elif tool.names == "package":
        named = list(_packages(after[verb[1] :]))
    else:
        named = []
    if tool.needs and not any(word in _NOWHERE.sub("", line) for word in tool.needs):
        return None
    return tool.kind, " ".join(word for word in (name, verb[0], *named) if word)


def _packages(words: list[str]) -> Iterator[str]:
    """The package names among arguments: no option and not what follows one that may take a value, nothing that is read
    from or written to, no comment, and of a URL the host."""
    skip = False
    for word in words:
        if word.startswith("#"):
            return
        if word.startswith(("-", "/", ">", "<", "2>", "$", "%")):
            skip = (word.startswith("-") and word not in FLAGS and "=" not in word) or word.strip("012<>&") == ""
            continue
        if skip:
            skip = False
            continue
        if "://" in word or "@" in word[1:]:
            host = host_of(word)
            if host:
                yield host
            continue
        name = re.split(r"[=<>~!\[]", word, maxsplit=1)[0]
        if _PACKAGE.fullmatch(name):
            yield name


def _shell(line: str) -> str:
    """The shell that runs what a line fetched."""
    found = re.search(rf"\b({'|'.join(SHELLS)})\b", line)
    return found[1] if found else "iex" if re.search(r"\biex\b|invoke-expression", line, re.IGNORECASE) else "sh"

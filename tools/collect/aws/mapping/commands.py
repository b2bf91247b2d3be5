"""Lines of a script (shell, PowerShell, batch), told apart by what they fetch or change on a server.

A line is read as a person skims it: split at `;`, `&&`, `||` and `|`, with what stands in `$(…)`, backticks and quoted
scripts looked at too; heredocs are read as lines. A step's `command` is made of words that stand in this file's own
tables, and of package and host names, never of another argument: those may be secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.collect.aws.mapping.tools_at_boot import BEFORE, FLAGS, QUIET, SHELLS, TOOLS, WRITES, Tool
from tools.model.group import BootStep

_SPLIT = re.compile(r"&&|\|\||[;|]|\$\(|<\(|`|[(){}]")
_WORD = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']+""")
_ASSIGNMENT = re.compile(r"\$?(?:env:)?[A-Za-z_]\w*\+?=")
_PACKAGE = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9._+/-]{0,63}")
_URL = re.compile(r"""[a-z][a-z0-9+.-]*://([^\s"'`|;<>)]*)""", re.IGNORECASE)
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]|\d{1,3}(?:\.\d{1,3}){3}", re.IGNORECASE
)
_SCP = re.compile(r"git@([A-Za-z0-9.-]+):")
_OWN = re.compile(r"://(?:169\.254\.169\.254|169\.254\.170\.2|\[fd00:ec2::254\]|localhost|127\.0\.0\.1)(?=[:/\s\"']|$)")
"""The instance metadata service and the server itself: asking them fetches nothing that could differ."""
_NOWHERE = re.compile(r"2>\S*|&?>\s*/dev/null|>&\d")
_METHOD = re.compile(r"\.(downloadstring|downloadfile)\(", re.IGNORECASE)
_SENDS = re.compile(r"(?:^|\s)(?:-X\s*|--request[ =]|-Method\s+)\"?(?:POST|PUT|PATCH|DELETE)\b", re.IGNORECASE)
_RUNS = re.compile(rf"\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:\S*/)?(?:{'|'.join(SHELLS)})(?:\s|$)")
_RUNS_OTHERWISE = re.compile(
    rf"(?:^|[\s;&|])(?:\S*/)?(?:{'|'.join(SHELLS)}|source|\.|eval)\s+(?:-\S+\s+)*\"?(?:<\(|\$\(|`)\s*(?:curl|wget)\b"
    r"|\b(?:iex|invoke-expression)\b.*(?:iwr|irm|invoke-webrequest|invoke-restmethod|downloadstring)"
    r"|(?:iwr|irm|invoke-webrequest|invoke-restmethod|downloadstring).*\|\s*(?:iex|invoke-expression)\b",
    re.IGNORECASE,
)


def lines_of(text: str, before: int) -> Iterator[BootStep]:
    """The steps of a script that starts after `before` other lines."""
    for number, line in _joined(text, before):
        bare = line.strip()
        if not bare or bare.startswith(("#", "REM ", "::")):
            continue
        for kind, command in steps_of(bare):
            yield BootStep(number, kind, command)


def steps_of(line: str) -> Iterator[tuple[str, str]]:
    """What one line does, as kind and command, each once."""
    found: dict[tuple[str, str], None] = {}
    for segment in _SPLIT.split(line):
        step = _step(segment, line)
        if step is not None:
            found[step] = None
    method = _METHOD.search(line)
    if method is not None:  # PowerShell's (New-Object Net.WebClient).DownloadFile(…)
        found["download", f"{method[1].lower()} {host_of(line) or ''}".rstrip()] = None
    for place, told in WRITES.items():
        if place in line and re.search(rf"(?:>|\btee\b|-o\b|-O\b|\bcp\b|\bmv\b)[^|;]*{re.escape(place)}", line):
            found["repository", told] = None
    fetched = [command for kind, command in found if kind == "download"]
    if fetched and (_RUNS.search(line) or _RUNS_OTHERWISE.search(line)):
        del found["download", fetched[0]]
        yield "pipe-to-shell", f"{fetched[0]} | {_shell(line)}"
    yield from found


def host_of(text: str) -> str | None:
    """The host that a URL, or a git remote, in a text names: nothing of its path, query or credentials. None where it
    names none, or where what could be a password makes that unsure."""
    remote = _SCP.search(text)
    if remote is not None:
        return remote[1] if _HOST.fullmatch(remote[1]) else None
    found = _URL.search(text)
    if found is None:
        return None
    authority, _, rest = re.sub(r"[?#].*", "", found[1]).partition("/")
    if "@" in rest.partition("/")[0] and ":" in authority:  # a password with a slash in it
        return None
    host = authority.rpartition("@")[2].partition(":")[0]
    if found[0].lower().startswith("s3://"):
        return f"s3://{host}" if _PACKAGE.fullmatch(host) and "@" not in authority else None
    return host if _HOST.fullmatch(host) else None


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


def _step(segment: str, line: str) -> tuple[str, str] | None:
    words = [word.strip("\"'") for word in _WORD.findall(segment)]
    while words and (_ASSIGNMENT.match(words[0]) or words[0] in BEFORE):
        words = words[1:]
    if not words or words[0].lower() in QUIET or words[:2] == ["command", "-v"]:
        return None
    for index, word in enumerate(words):
        if " " in word:  # a quoted script: bash -c "…"
            inner = next(steps_of(word), None) if word != segment else None
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
    """The package names among arguments: no option and not what follows one that may take a value, no assignment, and
    of a URL the host."""
    skip = False
    for word in words:
        if word.startswith(("-", "/", ">", "<", "2>", "$", "%")):
            skip = word.startswith("-") and word not in FLAGS and "=" not in word
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

"""What a `#cloud-config` fetches or changes at boot: packages, repositories, commands, files, and what it hands over to
configuration management (https://docs.cloud-init.io/en/latest/reference/modules.html)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tools.collect.aws.mapping.commands import lines_of
from tools.collect.aws.mapping.commands import steps_of as commands_of
from tools.collect.aws.mapping.hosts import host_of
from tools.collect.aws.mapping.tools_at_boot import WRITES
from tools.model.group import BootStep

_REPOSITORIES = ("yum_repos", "apt_sources", "apk_repos")
_MANAGERS = ("chef", "puppet", "salt_minion", "mcollective", "landscape")
_TRUE = ("true", "yes", "on", "y", "1")


def steps_of(text: str, before: int) -> Iterator[BootStep]:
    """The steps of a document that starts after `before` lines. Raises `ValueError` where it is no YAML mapping."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as reason:
        where = getattr(getattr(reason, "problem_mark", None), "line", None)  # its message may quote the text
        raise ValueError(f"its cloud-config is no YAML{'' if where is None else f' (line {where + 1})'}") from None
    if root is None:
        return
    if not isinstance(root, MappingNode):
        raise ValueError("its cloud-config is no mapping")
    for key, value in root.value:
        if isinstance(key, ScalarNode):
            for number, kind, command in _module(key, value):
                yield BootStep(before + number, kind, command)


def _module(key: ScalarNode, value: Node) -> Iterator[tuple[int, str, str]]:
    name, line = str(key.value), _line(key)
    if name == "packages":
        named = " ".join(_package(item) for item in _items(value))
        yield line, "package", f"packages: {named}".rstrip(": ")
    elif name in ("package_upgrade", "apt_upgrade") and _text(value).lower() in _TRUE:
        yield line, "package", name
    elif name in ("runcmd", "bootcmd"):
        for item in _items(value):
            yield from _command(item)
    elif name == "write_files":
        for item in _items(value):
            yield from _file(item)
    elif name in _REPOSITORIES or (name in ("apt", "zypper") and _has(value, "sources", "repos", "sources_list")):
        yield line, "repository", name
    elif name == "snap":
        yield line, "package", name
    elif name == "ansible" or name in _MANAGERS:
        yield line, "configuration", name


def _command(item: Node) -> Iterator[tuple[int, str, str]]:
    if isinstance(item, SequenceNode):
        words = [_text(word) for word in item.value]
        if len(words) > 2 and words[1] == "-c":
            words = words[2:3]
            yield from ((_line(item), *step) for step in commands_of(words[0]))
        else:
            yield from ((_line(item), *step) for step in commands_of(shlex.join(words)))
    elif isinstance(item, ScalarNode):
        block = item.style in ("|", ">")
        for step in lines_of(str(item.value), _line(item) - (0 if block else 1)):
            yield step.line, step.kind, step.command


def _file(item: Node) -> Iterator[tuple[int, str, str]]:
    fields = {str(key.value): value for key, value in item.value} if isinstance(item, MappingNode) else {}
    source, path = fields.get("source"), _text(fields.get("path"))
    if isinstance(source, MappingNode):
        host = next((host_of(_text(value)) for key, value in source.value if key.value == "uri"), None)
        yield _line(item), "download", f"write_files {host or ''}".rstrip()
    yield from ((_line(item), "repository", told) for place, told in WRITES.items() if path.startswith(place))
    content = fields.get("content")
    if isinstance(content, ScalarNode) and str(content.value).startswith("#!"):  # a script, which something may run
        for step in lines_of(str(content.value), _line(content) - (0 if content.style in ("|", ">") else 1)):
            yield step.line, step.kind, step.command


def _package(item: Node) -> str:
    """A package's name: `nginx`, or the first of `[nginx, 1.2]`, or what a manager's list holds (`snap: [a]`)."""
    if isinstance(item, SequenceNode):
        return _package(item.value[0]) if item.value else ""
    if isinstance(item, MappingNode):
        return " ".join(_package(inner) for _, value in item.value for inner in _items(value))
    text = _text(item)
    return host_of(text) or "" if "://" in text else text.partition("=")[0][:64]


def _items(value: Node) -> list[Node]:
    return list(value.value) if isinstance(value, SequenceNode) else [value]


def _text(value: Node | None) -> str:
    return str(value.value) if isinstance(value, ScalarNode) else ""


def _has(value: Node, *names: str) -> bool:
    return isinstance(value, MappingNode) and any(key.value in names for key, _ in value.value)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1

"""What user data do at boot: decoded (base64, gzip), told apart by form as cloud-init and EC2Launch do, and read for
what they fetch or change. The text is never kept, and of a command no argument that could be a secret.

Forms: https://docs.cloud-init.io/en/latest/explanation/format.html, EC2Launch (`<powershell>`), Ignition (JSON).
"""

from __future__ import annotations

import base64
import binascii
import email
import hashlib
import zlib
from collections.abc import Callable, Iterator
from email.message import Message

from tools.collect.aws.mapping import cloud_config, ignition
from tools.collect.aws.mapping.commands import lines_of
from tools.collect.aws.mapping.hosts import host_of
from tools.model.group import Boot, BootStep

LARGEST = 1 << 20
"""Bytes of unpacked user data that are read (16 KiB is EC2's own limit of the packed)."""
Found = tuple[str, list[BootStep]]


class Unreadable(Exception):
    """User data that can't be read, with the reason."""


def boot_of(user_data: str) -> tuple[Boot | None, str]:
    """What user data (base64, as the API answers them) do. None, and why, where they can't be read."""
    if not user_data:
        return Boot(digest=hashlib.sha256(b"").hexdigest(), size=0, form="none"), ""
    try:
        raw = base64.b64decode("".join(user_data.split()), validate=True)
        text = _unpacked(raw).decode("utf-8", errors="replace")
        form, steps = _read(text, 0)
    except binascii.Error:
        return None, "it is no base64"
    except Unreadable as reason:
        return None, str(reason)
    digest = hashlib.sha256(raw).hexdigest()
    return Boot(digest=digest, size=len(raw), form=form, steps=tuple(dict.fromkeys(sorted(steps)))), ""


def joined(boots: list[Boot | None]) -> Boot | None:
    """What the versions of a set do at boot, as one; None where that of one is not known."""
    known = list({boot.digest: boot for boot in boots if boot is not None}.values())
    if len(known) == 1 or not known or None in boots:
        return known[0] if known and None not in boots else None
    return Boot(
        digest=hashlib.sha256(" ".join(sorted(boot.digest for boot in known)).encode()).hexdigest(),
        size=sum(boot.size for boot in known),
        form=known[0].form,
        steps=tuple(step for boot in known for step in boot.steps),
    )


def _unpacked(raw: bytes) -> bytes:
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    unpack = zlib.decompressobj(wbits=31)
    try:
        text = unpack.decompress(raw, LARGEST)
    except zlib.error as reason:
        raise Unreadable(f"it is no gzip: {reason}") from None
    if not unpack.eof:
        raise Unreadable("its gzip is cut short, or unpacks to more than a megabyte")
    return text


def _read(text: str, before: int, declared: str = "") -> Found:
    """The form and the steps of a text whose first line comes after `before` others; `declared` is the MIME type that
    a part says it has."""
    head = text.lstrip("\ufeff").lstrip()
    if head.startswith("## template: jinja"):
        head = head.partition("\n")[2].lstrip()
    lower = head[:200].lower()
    if lower.startswith(("content-type: multipart/", "mime-version:", "from nobody")):
        return "mime", list(_parts(text))
    if lower.startswith(("<powershell>", "<script>", "<persist>", "version: 1.")):
        return "powershell", list(lines_of(text, before))
    if lower.startswith(("#include", "#include-once")) or declared.startswith("text/x-include"):
        return "shell", list(_included(text, before))
    if lower.startswith("#cloud-config") or declared.startswith("text/cloud-config"):
        return "cloud-config", _steps(cloud_config.steps_of, text, before)
    if lower.startswith("{") and '"ignition"' in head:
        return "ignition", _steps(ignition.steps_of, text, before)
    if lower.startswith(("#!", "#cloud-boothook")) or declared.startswith(
        ("text/x-shellscript", "text/cloud-boothook")
    ):
        return "shell", list(lines_of(text, before))
    return "unknown", list(lines_of(text, before))


def _steps(read: Callable[[str, int], Iterator[BootStep]], text: str, before: int) -> list[BootStep]:
    try:
        return list(read(text, before))
    except ValueError as reason:
        raise Unreadable(str(reason)) from None
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None


def _included(text: str, before: int) -> Iterator[BootStep]:
    """Each line of an include file names what is fetched and then run as user data."""
    for number, line in enumerate(text.splitlines(), before + 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield BootStep(number, "pipe-to-shell", f"#include {host_of(line) or ''}".rstrip())


def _parts(text: str) -> Iterator[BootStep]:
    """The parts of a multi-part message. A line's number is the whole text's, or the part's own where it is encoded."""
    message = email.message_from_string(text)
    if not message.is_multipart():
        raise Unreadable("it is a MIME message without parts")
    for part in message.walk():
        if part.is_multipart():
            continue
        content = _content(part)
        where = text.find(content) if content else -1
        before = text.count("\n", 0, where) if where >= 0 else 0
        yield from _read(content, before, part.get_content_type())[1]


def _content(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        raise Unreadable("a part of it can't be decoded")
    return _unpacked(payload).decode("utf-8", errors="replace")

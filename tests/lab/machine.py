"""The two settings of the machine that the lab needs: the nodes' names in /etc/hosts, and IP forwarding."""

from __future__ import annotations

from pathlib import Path

from tests.lab import settings

_HOSTS = Path("/etc/hosts")
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
_LINE = f"{settings.LOOPBACK} {' '.join(settings.NODES)} # auditor-lab\n"


def prepare() -> None:
    """The API server reaches a kubelet by its node's name; pods reach each other over the bridges."""
    text = _HOSTS.read_text()
    if _LINE not in text:
        _HOSTS.write_text(text + ("" if text.endswith("\n") else "\n") + _LINE)
    if _FORWARDING.read_text().strip() != "1":
        _FORWARDING.write_text("1\n")


def restore() -> None:
    """Take the line out of /etc/hosts; forwarding is left as it is, somebody else may need it by now."""
    text = _HOSTS.read_text()
    if _LINE in text:
        _HOSTS.write_text(text.replace(_LINE, ""))

"""The tools that install, fetch or change something on a server, as tables: what `commands.py` looks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec


class Tool(msgspec.Struct, frozen=True):
    """A command, by its verbs (in lower case; none: it needs none). `names` says what of its arguments is told: package
    names, the host of a URL, or nothing. `needs` are texts of which one must be in the line too."""

    kind: Literal["package", "download", "repository", "configuration", "agent"]
    verbs: tuple[str, ...] = ()
    names: Literal["package", "host", ""] = ""
    needs: tuple[str, ...] = ()


SHELLS = ("bash", "sh", "zsh", "dash", "ksh", "python", "python3", "perl", "ruby", "node", "powershell", "pwsh")
QUIET = frozenset(
    [
        "echo",
        "printf",
        "logger",
        "cat",
        "grep",
        "egrep",
        "sed",
        "awk",
        "test",
        "[",
        "[[",
        "which",
        "type",
        "rm",
        "mkdir",
        "mv",
        "ls",
        "ln",
        "chmod",
        "chown",
        "man",
        "alias",
        "write-host",
        "write-output",
        "remove-item",
        "new-item",
    ]
)
"""Commands that are not what their arguments name."""
BEFORE = ("if", "!", "then", "else", "elif", "do", "while", "until", "time", "sudo", "exec", "nohup")
"""Words that may stand before a command."""
FLAGS = frozenset(
    [
        "-y",
        "-q",
        "-qq",
        "-yq",
        "-qy",
        "-yqq",
        "--yes",
        "--assume-yes",
        "--quiet",
        "--no-install-recommends",
        "--allow-downgrades",
        "--no-cache",
        "--upgrade",
        "-U",
        "-g",
        "--global",
        "--user",
        "--force",
        "--classic",
        "--no-progress",
        "-Force",
        "--allowerasing",
        "--nogpgcheck",
        "--no-cache-dir",
    ]
)
"""Options that take no value, so that a package's name may come after them."""
WRITES = {
    "/etc/apt/sources.list": "writes /etc/apt/sources.list",
    "/etc/yum.repos.d": "writes /etc/yum.repos.d",
    "/etc/zypp/repos.d": "writes /etc/zypp/repos.d",
    "/etc/apk/repositories": "writes /etc/apk/repositories",
}
_INSTALL, _SECRETS = ("install",), (">", "tee ")
_TABLE: tuple[tuple[str, Tool], ...] = (
    ("apt apt-get aptitude", Tool("package", ("install", "upgrade", "dist-upgrade", "full-upgrade"), "package")),
    (
        "yum dnf tdnf microdnf",
        Tool("package", ("install", "localinstall", "groupinstall", "update", "upgrade", "reinstall"), "package"),
    ),
    ("yum dnf", Tool("repository", ("config-manager",))),
    ("zypper", Tool("package", ("install", "in", "update", "up", "patch"), "package")),
    ("zypper", Tool("repository", ("addrepo", "ar"))),
    ("apk", Tool("package", ("add", "upgrade"), "package")),
    ("rpm", Tool("package", ("-i", "-ivh", "-uvh", "-u", "--install", "--upgrade"), "package")),
    ("rpm", Tool("repository", ("--import",), "host")),
    ("dpkg", Tool("package", ("-i", "--install"), "package")),
    ("pip pip2 pip3 pipx", Tool("package", _INSTALL, "package")),
    ("python python3", Tool("package", ("-m pip install",), "package")),
    ("uv", Tool("package", ("pip install", "tool install"), "package")),
    ("npm", Tool("package", ("install", "i", "ci"), "package")),
    ("yarn pnpm", Tool("package", ("add", "install", "global add"), "package")),
    ("gem cargo brew choco scoop winget", Tool("package", ("install", "upgrade"), "package")),
    ("go", Tool("package", _INSTALL)),
    ("snap", Tool("package", ("install", "refresh"), "package")),
    ("amazon-linux-extras", Tool("package", ("install", "enable"), "package")),
    ("install-module install-package install-windowsfeature add-windowscapability cinst", Tool("package")),
    ("msiexec", Tool("package", ("/i",))),
    ("unattended-upgrade unattended-upgrades", Tool("package")),
    ("curl wget aria2c scp sftp", Tool("download", (), "host")),
    ("rsync", Tool("download", (), "host", needs=("://", "@", ":/"))),
    ("aws", Tool("download", ("s3 cp", "s3 sync", "s3 mv"), "host")),
    ("aws", Tool("download", ("s3api get-object",))),
    ("git", Tool("download", ("clone", "pull", "fetch"), "host")),
    ("gsutil azcopy", Tool("download", ("cp", "copy"))),
    ("docker podman nerdctl", Tool("download", ("pull", "run", "compose up"))),
    ("invoke-webrequest iwr invoke-restmethod irm start-bitstransfer", Tool("download", (), "host")),
    ("read-s3object copy-s3object", Tool("download")),
    ("certutil", Tool("download", ("-urlcache",), "host")),
    ("bitsadmin", Tool("download", ("/transfer",), "host")),
    ("add-apt-repository apt-add-repository", Tool("repository")),
    ("apt-key", Tool("repository", ("add", "adv"))),
    ("yum-config-manager", Tool("repository", (), "host")),
    ("helm", Tool("repository", ("repo add",), "host")),
    ("register-psrepository", Tool("repository")),
    ("ansible-pull ansible-playbook chef-client chef-solo cinc-client salt-call salt-minion", Tool("configuration")),
    ("ansible-galaxy", Tool("configuration", _INSTALL)),
    ("puppet", Tool("configuration", ("agent", "apply"))),
    ("terraform tofu", Tool("configuration", ("apply",))),
    (
        "aws",
        Tool("configuration", ("ssm get-parameter", "ssm get-parameters", "ssm get-parameters-by-path"), "", _SECRETS),
    ),
    ("aws", Tool("configuration", ("secretsmanager get-secret-value",), "", _SECRETS)),
    ("cfn-init cfn-hup", Tool("agent")),
    ("cfn-init.cmd", Tool("agent")),
    ("install", Tool("agent", ("auto",))),  # CodeDeploy's: ./install auto
    ("systemctl service", Tool("agent", ("enable", "start", "restart"), "", ("codedeploy-agent", "cfn-hup"))),
)


def _spread() -> Iterator[tuple[str, Tool]]:
    for names, tool in _TABLE:
        for name in names.split():
            yield name, tool


TOOLS: dict[str, tuple[Tool, ...]] = {}
"""The tools by their names (of their last path part, in lower case)."""
for _name, _tool in _spread():
    TOOLS[_name] = (*TOOLS.get(_name, ()), _tool)

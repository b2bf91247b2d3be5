"""`auditor init`: the file loads as it is and with every sample put into force; what can go wrong leaves nothing."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from auditor.settings import Settings
from auditor.setup.looking import Found, Pool, registry_of
from auditor.setup.write import text, write
from tests.loopback_api import loopback, nobodys_address, raw, status, write_kubeconfig
from tests.objects import listed
from tests.running import auditor
from tools.catalogue import convert_settings, discover
from tools.collect.kubernetes.access import Account
from tools.collect.kubernetes.contexts import Context
from tools.errors import AuditorError, UsageError

HOSTILE = 'x"]\n[evil]\n\x1b[31m\u202e\x7f\\'
RICH = Found(
    source=f"kubernetes:{HOSTILE}",
    kubeconfig="/a b/config",
    contexts=(Context(HOSTILE, True), Context("other", problem=HOSTILE)),
    account=Account(HOSTILE),
    lacking=("list pods",),
    registries=("docker.io", HOSTILE),
    pools=(Pool(HOSTILE, 2, (("kubelet_version", HOSTILE),)), Pool("mixed", 2)),
    logs=("/var/log/kubernetes/audit",),
    policy="/etc/kubernetes/audit-policy.yaml",
    gitops=("Argo",),
    problem=HOSTILE,
)
SAMPLE = re.compile(r"^#(?=[^ #])", re.MULTILINE)


def loaded(content: str) -> Settings:
    """The settings as a command would have them, their checks' own among them."""
    settings = Settings.model_validate(tomllib.loads(content))
    convert_settings(discover(), settings.checks)
    return settings


@pytest.mark.parametrize("found", [Found(), RICH], ids=["nothing found", "everything found, with hostile names"])
def test_the_file_loads_as_it_is_and_with_every_sample_in_force(found: Found) -> None:
    content = text(found, discover())
    as_it_is, whole = loaded(content), loaded(SAMPLE.sub("", content))
    assert as_it_is.source == found.source
    assert set(as_it_is.checks.get("host-baseline", {}).get("pools", {})) == {p.name for p in found.pools if p.alike}
    assert (whole.audit_log.path, whole.audit_log.policy) == (["/var/log/kubernetes/audit"], RICH.policy)
    assert whole.actors
    assert whole.approvers


def test_every_section_of_the_settings_is_in_the_file() -> None:
    whole = tomllib.loads(SAMPLE.sub("", text(Found(), discover())))
    assert set(whole) == set(Settings.model_fields)
    assert set(whole["checks"]) == {check.id for check in discover() if check.settings}


def test_what_is_found_is_written_and_loads(tmp_path: Path) -> None:
    node = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n", "uid": "u-n", "resourceVersion": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"karpenter.sh/nodepool": "a.b"}},
            "status": {"nodeInfo": {"kubeletVersion": "v1.36.3"}}}  # fmt: skip
    kube_system = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "kube-system", "uid": "u-1"}}
    with loopback([kube_system, node]) as server:
        server.always["/version"] = raw(200, b"{}")
        server.always["/apis"] = raw(200, b'{"groups": [{"name": "argoproj.io"}]}')
        said = auditor(tmp_path, "init", "--kubeconfig", write_kubeconfig(tmp_path, server.address))
    assert said.code == 0, said
    content = (tmp_path / "auditor.toml").read_text()
    settings = loaded(content)
    assert settings.source == "kubernetes:loopback"
    assert settings.kubeconfig == str(tmp_path / "kubeconfig.yaml")
    assert settings.checks["host-baseline"]["pools"] == {"a.b": {"kubelet_version": "v1.36.3"}}
    assert "Argo is installed" in content
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".auditor.toml")]


def test_other_contexts_are_told_with_why_they_do_not_answer_and_run_no_program(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    with loopback([]) as server:
        server.always["/version"] = raw(200, b"{}")
        config = write_kubeconfig(tmp_path, server.address)
        data = yaml.safe_load(config.read_text())
        program = {"apiVersion": "client.authentication.k8s.io/v1", "command": "touch", "args": [str(ran)]}
        data["clusters"].append({"name": "gone", "cluster": {"server": nobodys_address()}})
        data["users"].append({"name": "sso", "user": {"exec": program}})
        data["contexts"] += [
            {"name": "a b", "context": {"cluster": "gone", "user": "me"}},
            {"name": "login", "context": {"cluster": "here", "user": "sso"}},
        ]
        config.write_text(yaml.safe_dump(data))
        server.always["/api/v1/namespaces/kube-system"] = status(403, "Forbidden")
        said = auditor(tmp_path, "init", "--print", "--kubeconfig", config)
        chosen = auditor(tmp_path, "init", "--print", "--kubeconfig", config, "--context", "a b")
    assert "#   loopback (current): answers" in said.out
    assert re.search("#   a b: no answer: nothing answers at", said.out)
    assert "#   login: no answer: not asked: its credentials run a program" in said.out
    assert not ran.exists()
    assert loaded(chosen.out).source == "kubernetes:a b"
    assert "The cluster was not read" in chosen.out


def test_without_a_kubeconfig_the_file_says_so_and_loads(tmp_path: Path) -> None:
    said = auditor(tmp_path, "init", "--print")
    assert said.code == 0, said
    assert "The cluster was not read" in said.out
    assert loaded(said.out) == Settings()


def test_a_kubeconfig_or_context_that_was_named_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("{[")
    config = write_kubeconfig(tmp_path, nobodys_address())
    for words in (("--kubeconfig", "none"), ("--kubeconfig", "bad"), ("--kubeconfig", config, "--context", "a b")):
        said = auditor(tmp_path, "init", *words)
        assert (said.code, said.out) == (1, ""), said
    assert not (tmp_path / "auditor.toml").exists()


def test_a_recording_is_a_source_too(tmp_path: Path) -> None:
    (tmp_path / "pods.json").write_text(json.dumps(listed(kind="PodList", version="v1")))
    said = auditor(tmp_path, "init", "--print", "--source", "pods.json")
    assert loaded(said.out).source == "pods.json"
    assert auditor(tmp_path, "init", "--print", "--source", "none.json").code == 2


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path) -> None:
    file = tmp_path / "auditor.toml"
    file.write_text("timeout = 1\n")
    said = auditor(tmp_path, "init")
    assert said.code == 2
    assert "is there already" in said.err
    assert file.read_text() == "timeout = 1\n"
    assert auditor(tmp_path, "init", "--force").code == 0
    assert loaded(file.read_text()) == Settings()


def test_a_link_to_nowhere_and_a_folder_are_not_written_over(tmp_path: Path) -> None:
    link, folder = tmp_path / "link", tmp_path / "folder"
    link.symlink_to(tmp_path / "nowhere")
    folder.mkdir()
    for path in (link, folder):
        for force in (False, True):
            with pytest.raises(UsageError):
                write(path, "", force=force)


def test_a_folder_that_cant_be_written_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    said = auditor(tmp_path, "init", "--config", folder / "auditor.toml", obedient=True)
    assert (said.code, said.out) == (1, ""), said
    assert "can't be written" in said.err
    assert auditor(tmp_path, "init", "--config", tmp_path / "no such" / "auditor.toml").code == 1


def test_a_full_disk_leaves_the_old_file_whole_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "auditor.toml"
    file.write_text("timeout = 1\n")
    opened = Path.open

    def full(path: Path, mode: str = "r", **more: str) -> object:
        if "x" in mode:
            opened(path, mode).close()
            return opened(Path("/dev/full"), "w", **more)  # type: ignore[call-overload]
        return opened(path, mode, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(AuditorError, match="No space left"):
        write(file, "timeout = 2\n", force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["auditor.toml"]
    assert file.read_text() == "timeout = 1\n"


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("nginx", "docker.io"),
        ("library/nginx:1", "docker.io"),
        ("localhost/app", "localhost"),
        ("127.0.0.1:5000/app@sha256:00", "127.0.0.1:5000"),
        ("registry.example.org/a/b:1", "registry.example.org"),
        ("nginx:1.27", "docker.io"),
    ],
)
def test_the_registry_of_an_image(image: str, registry: str) -> None:
    assert registry_of(image) == registry

"""The text of `auditor.toml`: what was found as keys that hold, everything else as comments with its default.

A line that begins with `# ` is prose; one that begins with `#` and no space is a key or a table that may be put into
force by taking the `#` away. A test does that with every one of them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from auditor.settings import Settings
from auditor.setup.looking import Found
from auditor.setup.quoting import plain, value
from tools.check import AnyCheck
from tools.errors import AuditorError, UsageError


def text(found: Found, checks: Sequence[AnyCheck]) -> str:
    """The whole file."""
    parts = (
        _head(found),
        _source(found),
        _top(),
        _audit_log(found),
        _aws(),
        _actors(found),
        _trust(),
        _approvers(),
        _policy(),
        _waivers(),
        _ledger(),
        _checks(found, checks),
    )
    return "\n".join("\n".join(part) + "\n" for part in map(list, parts) if part)


def _head(found: Found) -> Iterator[str]:
    yield "# auditor.toml, written by auditor init. `auditor doctor` says what is still missing, and how to close it."
    yield "# A line that begins with # and no space is a setting with its default, or a sample."
    if found.account:
        yield f"# Looked as {plain(found.account.user)}."
    if found.problem:
        yield f"# The cluster was not read: {plain(found.problem)}"
    if found.lacking:
        yield f"# This account lacks {len(found.lacking)} rights of a reader's: {plain(', '.join(found.lacking))}."
        yield "# `auditor doctor` prints the manifest that grants them."
    if found.registries:
        yield f"# Registries of the images that run: {plain(', '.join(found.registries))}."
    for name in found.gitops:
        yield f"# {name} is installed: what it declares it would set back, so revert in Git what it manages."


def _source(found: Found) -> Iterator[str]:
    yield "# What to look at when the command line names nothing."
    for one in found.contexts:
        state = f"no answer: {one.problem}" if one.problem else "answers"
        yield f"#   {plain(one.name)}{' (current)' if one.current else ''}: {plain(state)}"
    yield f"source = {value(found.source)}" if found.source else '#source = "kubernetes:"'
    if found.kubeconfig:
        yield f"kubeconfig = {value(str(Path(found.kubeconfig).absolute()))}"
    else:
        yield '#kubeconfig = ""'


def _top() -> Iterator[str]:
    defaults = Settings()
    yield "# How long one request may take, in seconds."
    yield f"#timeout = {value(defaults.timeout)}"
    yield "# How long an approval holds."
    yield f"#approval_minutes = {value(defaults.approval_minutes)}"


def _audit_log(found: Found) -> Iterator[str]:
    yield "# The API server's audit log: who changed what, and what was run inside an instance, is nowhere else."
    mark = "" if found.logs else "#"
    yield f"{mark}[audit_log]"
    yield f"{mark}path = {value(list(found.logs) or ['/var/log/kubernetes/audit'])}"
    if found.logs and found.policy:
        yield f"policy = {value(found.policy)}"
    else:
        yield f"#policy = {value(found.policy or '/etc/kubernetes/audit-policy.yaml')}"


def _aws() -> Iterator[str]:
    yield "# How AWS is asked (sources aws:PROFILE@REGION): the role to assume, and how often a request is sent."
    yield from ("#[aws]", '#role = "arn:aws:iam::123456789012:role/auditor-reader"', "#max_attempts = 5")
    yield "# What is said of machine images: signed statements (*.intoto.json, *.intoto.jsonl), Packer's manifests."
    yield '#statements = ["attestations"]'


def _actors(found: Found) -> Iterator[str]:
    yield "# Who is who in the audit log: person, pipeline, controller, agent or auditor; * stands for any text."
    yield from ("#[[actors]]", '#kind = "pipeline"', '#user = "ci-bot"')


def _trust() -> Iterator[str]:
    yield "# Keys whose signature of a statement about a machine image counts; key is a file (PEM)."
    yield from ("#[[trust]]", '#name = "release-pipeline@example.org"', '#key = "release-pipeline.pem"')


def _approvers() -> Iterator[str]:
    yield "# Who may approve a plan: a person, with their users in the cluster (kubectl auth whoami) and public keys."
    yield from ("#[[approvers]]", '#name = "Alice"', '#users = ["alice@example.org"]', "#keys = []")


def _policy() -> Iterator[str]:
    if "policy" in Settings.model_fields:
        yield "# What a plan needs before it may be carried out: the first rule that matches a step decides."
        yield from ("#[[policy.rules]]", '#subject = "Deployment/shop/*"', '#mode = "one-approver"')


def _waivers() -> Iterator[str]:
    yield "# Findings that are accepted for a time: one by its fingerprint, or what a check finds on a subject (as"
    yield "# reports show it; * stands for any text). A date ends at its end in UTC; a time needs its zone."
    yield from ("#[[waivers]]", '#check = "image-pinned-by-digest"', '#subject = "Deployment/shop/*"')
    yield from ('#owner = "Alice"', '#reason = "the vendor ships tags alone until spring"', "#expires = 2027-03-31")


def _ledger() -> Iterator[str]:
    yield "# Where heads of the ledger are kept besides: who truncates the ledger here can't do so there."
    yield from ("#[ledger]", '#key = ""', "#[[ledger.anchors]]", '#file = "/mnt/elsewhere/auditor-heads.jsonl"')


def _checks(found: Found, checks: Sequence[AnyCheck]) -> Iterator[str]:
    yield "# Settings of checks; `auditor checks show ID` is a check's page."
    for pool in found.pools:
        alike = pool.alike
        yield f"# Pool {plain(pool.name)}: {pool.hosts} hosts. Found, not proven: see that this is what it should run."
        mark = "" if alike else "#"
        yield f"{mark}[checks.host-baseline.pools.{value(pool.name)}]"
        yield from (f"{fact} = {value(told)}" for fact, told in alike)
        if not alike:
            yield '#kubelet_version = ""'
    if not found.pools:
        yield from ("#[checks.host-baseline.pools.workers]", '#kubelet_version = "v1.36.3"')
    for check in checks:
        if check.settings is not None and check.id != "host-baseline":
            yield f"#[checks.{check.id}]"
            for field in msgspec.structs.fields(check.settings):
                default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
                yield f"#{field.encode_name} = {value(default)}"


def write(path: Path, content: str, *, force: bool) -> None:
    """Write the file whole or not at all. Raises `UsageError` where it is there already and `force` is not given."""
    if os.path.lexists(path) and not force:
        raise UsageError(f"{path} is there already", "it is not overwritten", "--force overwrites it; --print shows")
    if os.path.lexists(path) and not path.is_file():
        raise UsageError(f"{path} is no regular file", mend="name another with --config")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        try:
            with part.open("x", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if force:
                part.replace(path)
            else:
                os.link(part, path)  # fails where somebody made it meanwhile
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already", "it was made meanwhile", "--force overwrites it") from error
    except OSError as error:
        raise AuditorError(
            f"{path} can't be written", error.strerror or str(error), "choose another place with --config, or --print"
        ) from error

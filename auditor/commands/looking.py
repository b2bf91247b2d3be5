"""What the reading commands share: settings, the source to look at, progress, and the engine's run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from auditor.settings import Settings, load_settings
from auditor.store.snapshots import Packed, pack
from auditor.waivers.apply import waive
from auditor.waivers.settings import waivers_of
from tools.catalogue import convert_settings, discover
from tools.check import AnyCheck
from tools.collect.actors import Rule
from tools.collect.aws.options import Options
from tools.collect.sources import AuditLog, Source, collect, merge, parse_source
from tools.collect.trust import TrustedKey
from tools.engine import audit
from tools.errors import UsageError
from tools.model.facts import Facts
from tools.model.history import History
from tools.model.report import Report

Logs = tuple[Sequence[str], str]
"""What the command line says of the audit log: its files or folders, and its policy."""
NO_LOGS: Logs = ((), "")


class Looking:
    """One look at some sources, under the settings."""

    def __init__(self, sources: list[str], kubeconfig: str, config: str, logs: Logs = NO_LOGS) -> None:
        self.configured: Settings = load_settings(config)
        self.checks: list[AnyCheck] = discover()
        self.settings: dict[str, msgspec.Struct] = convert_settings(self.checks, self.configured.checks)
        kubeconfig = kubeconfig or self.configured.kubeconfig
        named = sources or [self.configured.source or "kubernetes:"]
        log, actors = _log(self.configured, logs), actor_rules(self.configured)
        if len(named) > 1 and (log.paths or log.policy):
            raise UsageError(
                "an audit log is one cluster's", f"{len(named)} sources were named", "audit them one by one"
            )
        timeout, aws, trust = self.configured.timeout, aws_options(self.configured), _trust(self.configured)
        self.sources: list[Source] = [parse_source(s, kubeconfig, timeout, log, actors, aws, trust) for s in named]
        self.named = " ".join(named)

    def facts(self) -> Facts:
        """Read the sources; the facts of several scopes are merged."""
        say = progress()
        try:
            return merge([collect(source, say) for source in self.sources])
        finally:
            say("")

    def report(self, packed: Packed, history: History) -> Report:
        """What the checks find in the facts, with what the settings waive now apart."""
        made = audit(packed.facts, packed.id, self.checks, self.settings, history)
        return waive(made, waivers_of(self.configured.waivers), datetime.now(UTC))

    def snapshot_id(self, facts: Facts) -> str:
        """The id that these facts are stored by."""
        return pack(facts).id

    @property
    def pair(self) -> list[Source]:
        """The sources of a plan that goes on in a second scope. Raises `UsageError` where there are more than two."""
        if len(self.sources) > 2:
            raise UsageError("this takes a cluster and an account", f"{len(self.sources)} sources were named")
        return self.sources

    @property
    def one(self) -> Source:
        """The one source of a command that acts. Raises `UsageError` where there are several."""
        if len(self.sources) != 1:
            raise UsageError("this takes exactly one source", f"{len(self.sources)} were named")
        return self.sources[0]


def _log(configured: Settings, logs: Logs) -> AuditLog:
    """The audit log: what the command line names before what the settings do."""
    named = configured.audit_log
    paths, policy = logs
    since, until = (end.isoformat() if end else "" for end in (named.since, named.until))
    return AuditLog(tuple(paths or named.path), policy or named.policy, since, until)


def aws_options(configured: Settings) -> Options:
    """How AWS is asked, as the settings say it; whose profile and which region, the source does."""
    named = configured.aws
    return Options(
        role=named.role,
        external_id=named.external_id,
        endpoint=named.endpoint,
        attempts=named.max_attempts,
        paced=named.paced,
        statements=tuple(named.statements),
    )


def _trust(configured: Settings) -> tuple[TrustedKey, ...]:
    """The keys that verify statements. Raises `UsageError` for a file that can't be read."""
    keys = []
    for number, named in enumerate(configured.trust):
        try:
            keys.append(TrustedKey(named.name, Path(named.key).read_text(encoding="ascii")))
        except (OSError, UnicodeDecodeError) as error:
            mend = "name the file of a public key or a certificate (PEM)"
            raise UsageError(f"trust[{number}].key: {named.key} can't be read", str(error), mend) from error
    return tuple(keys)


def actor_rules(configured: Settings) -> tuple[Rule, ...]:
    """The rules that tell actors apart, before the product's own."""
    return tuple(Rule(rule.kind, rule.user, rule.group, rule.agent) for rule in configured.actors)


def progress() -> Callable[[str], None]:
    """Progress on standard error where that is a terminal: one line with the seconds since the start, cut to the
    terminal's width, which the next one replaces and an empty text takes away."""
    if not sys.stderr.isatty():
        return lambda _: None
    start = time.monotonic()

    def say(text: str) -> None:
        from auditor.render.text import safe

        told = f"{time.monotonic() - start:5.1f}s  {safe(text)}" if text else ""
        sys.stderr.write(f"\r\x1b[2K{told[: _columns() - 1]}")
        sys.stderr.flush()

    return say


def _columns() -> int:
    """The width of the terminal that standard error is."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80

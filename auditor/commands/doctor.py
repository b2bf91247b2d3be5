"""`auditor doctor`: which permission or setting would close which gap."""

from __future__ import annotations

from auditor.commands.looking import Logs, Looking
from auditor.render.doctor import print_diagnosis
from auditor.render.text import console, print_json
from auditor.setup import doctoring
from auditor.setup.doctoring import Missing
from tools.collect.kubernetes.api import Api, connect
from tools.collect.sources import Source
from tools.errors import UsageError


def doctor(source: str, context: str, acting: bool, kubeconfig: str, config: str, logs: Logs, as_json: bool) -> int:
    """Look at a source with its own credentials and say what is missing: 0 nothing required, 3 something is."""
    if source and context:
        raise UsageError("a source and --context were both given", mend="give one: kubernetes:CONTEXT is the same")
    looking = Looking([f"kubernetes:{context}"] if context else [source] if source else [], kubeconfig, config, logs)
    one = looking.one
    if acting:
        if not one.live or one.aws is not None:
            what = "an account of AWS" if one.aws is not None else "a recording"
            raise UsageError(f"{what} can't be acted on", mend="name the acting context: kubernetes:CONTEXT")
        api = _connect(one)
        account = doctoring.account_of(api)
        missing = list(doctoring.examine_rights(api, None, looking.checks))
        found = doctoring.diagnosis(f"kubernetes:{api.name}", account, missing)
    else:
        found = _reading(looking, one)
    if as_json:
        print_json(found)
    else:
        print_diagnosis(found, console())
    return found.exit_code


def _connect(source: Source) -> Api:
    return connect(source.kubeconfig, source.context, source.timeout)


def _reading(looking: Looking, one: Source) -> doctoring.Diagnosis:
    """What the collector misses with these credentials, or in this recording, and what the settings leave out."""
    api = _connect(one) if one.live and one.aws is None else None
    account = doctoring.account_of(api) if api else None
    facts = looking.facts()
    missing = list[Missing](doctoring.examine_rights(api, facts, looking.checks)) if api else []
    missing += doctoring.examine_facts(facts, one.path, looking.checks)
    log = bool(one.log.paths or facts.watches)
    missing += doctoring.examine_settings(looking.configured, facts, looking.checks, log=log)
    return doctoring.diagnosis(f"kubernetes:{api.name}" if api else looking.named, account, missing)

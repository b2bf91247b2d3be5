"""The command line: what each command is called and takes. Each imports its own room when it is run.

Its annotations are real ones, not text: typer reads them all for `--help`, and text would have to be compiled first.
"""

from typing import Annotated

import typer

app = typer.Typer(
    name="auditor",
    help="Proves that what runs was built, reviewed and signed, and was replaced, never modified.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)
checks_app = typer.Typer(help="The rules: list them, or show one's page.", rich_markup_mode=None)
app.add_typer(checks_app, name="checks")
policy_app = typer.Typer(
    help="The policy: what it would do with a plan, why, and who lifts a stop.", rich_markup_mode=None
)
app.add_typer(policy_app, name="policy")

ledger_app = typer.Typer(help="The ledger of every run, approval and action.", rich_markup_mode=None)
app.add_typer(ledger_app, name="ledger")

Sources = Annotated[
    list[str] | None, typer.Argument(help="kubernetes:CONTEXT, aws:PROFILE@REGION, or a recorded list or folder.")
]
Several = Annotated[
    list[str] | None,
    typer.Option(
        "--source", "-s", help="kubernetes:CONTEXT, aws:PROFILE@REGION, or a recording; several make one path."
    ),
]
OneSource = Annotated[str, typer.Option("--source", "-s", help="kubernetes:CONTEXT, or a recording.")]
Kubeconfig = Annotated[str, typer.Option(help="The kubeconfig file to use.")]
PlanSources = Annotated[
    list[str] | None,
    typer.Option("--source", "-s", help="kubernetes:CONTEXT, aws:PROFILE@REGION, or a recording; twice for both."),
]
Profile = Annotated[
    str, typer.Option(help="The AWS profile to use for a plan's account (of servers alone, --context is taken too).")
]
Context = Annotated[str, typer.Option(help="The kubeconfig context to use.")]
Config = Annotated[str, typer.Option("--config", "-c", help="The settings file (default: ./auditor.toml).")]
AuditLogs = Annotated[list[str] | None, typer.Option("--audit-log", help="The API server's audit log, or a folder.")]
AuditPolicy = Annotated[str, typer.Option(help="The API server's audit policy: what the log leaves out.")]
StorePath = Annotated[str, typer.Option("--store", help="The store's file (default: $AUDITOR_STORE).")]
AsJson = Annotated[bool, typer.Option("--json", help="Versioned JSON on standard output.")]
RunId = Annotated[str, typer.Argument(help="The run's id, as auditor plan prints it.")]


@app.command()
def audit(
    sources: Sources = None,
    evidence: Annotated[bool, typer.Option("--evidence", "-e", help="Show each finding's evidence.")] = False,
    audit_log: AuditLogs = None,
    audit_policy: AuditPolicy = "",
    kubeconfig: Kubeconfig = "",
    config: Config = "",
    store: StorePath = "",
    as_json: AsJson = False,
    since: Annotated[str, typer.Option(help="Also say what is other than in this run (its id, or last).")] = "",
) -> None:
    """Audit a fleet: exit 0 clean, 10 violations, 3 evidence missing or nothing examined."""
    from auditor.commands import audit as room

    raise typer.Exit(
        room.audit(sources or [], evidence, kubeconfig, config, store, as_json, (audit_log or (), audit_policy), since)
    )


@app.command()
def runs(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")] = 20,
    store: StorePath = "",
    as_json: AsJson = False,
) -> None:
    """List what was run: when, on what, what was found, and how it ended."""
    from auditor.commands import runs as room

    raise typer.Exit(room.runs(limit, store, as_json))


@app.command()
def show(
    run: Annotated[str, typer.Argument(help="The run's id, as auditor runs lists it.")],
    evidence: Annotated[bool, typer.Option("--evidence", "-e", help="Show each finding's evidence.")] = False,
    store: StorePath = "",
    as_json: AsJson = False,
) -> None:
    """Show one run: its report, plan, approvals, journal, refusals and outcome."""
    from auditor.commands import show as room

    raise typer.Exit(room.show(run, evidence, store, as_json))


@app.command()
def trace(
    subject: Annotated[str, typer.Argument(help="pod/NS/NAME, deployment/NS/NAME, node/NAME, or a plain name.")],
    source: Several = None,
    audit_log: AuditLogs = None,
    audit_policy: AuditPolicy = "",
    kubeconfig: Kubeconfig = "",
    config: Config = "",
    store: StorePath = "",
    as_json: AsJson = False,
) -> None:
    """Show how what runs came to be: commit → build → artifact → release → workload → instance → host."""
    from auditor.commands import trace as room

    raise typer.Exit(
        room.trace(subject, source or [], kubeconfig, config, store, as_json, (audit_log or (), audit_policy))
    )


@app.command()
def explain(
    finding: Annotated[str, typer.Argument(help="A finding's fingerprint; without one, every violation.")] = "",
    source: OneSource = "",
    audit_log: AuditLogs = None,
    audit_policy: AuditPolicy = "",
    kubeconfig: Kubeconfig = "",
    config: Config = "",
    store: StorePath = "",
    as_json: AsJson = False,
) -> None:
    """Explain findings of the last audit (or of --source) from their evidence."""
    from auditor.commands import explain as room

    raise typer.Exit(room.explain(finding, source, kubeconfig, config, store, as_json, (audit_log or (), audit_policy)))


@checks_app.callback(invoke_without_command=True)
def checks(context: typer.Context, as_json: AsJson = False) -> None:
    """List the rules."""
    if context.invoked_subcommand is None:
        from auditor.commands import checks as room

        raise typer.Exit(room.list_checks(as_json))


@checks_app.command("show")
def checks_show(name: Annotated[str, typer.Argument(help="The check's id.")]) -> None:
    """Show one rule's page."""
    from auditor.commands import checks as room

    raise typer.Exit(room.show_check(name))


@app.command()
def plan(
    finding: Annotated[str, typer.Argument(help="A finding's fingerprint; without one, the worst with a remedy.")] = "",
    source: PlanSources = None,
    to: Annotated[str, typer.Option(help="The release (name or revision), or the host, to choose.")] = "",
    cordon: Annotated[str, typer.Option(help="Plan to cordon this node, whatever was found.")] = "",
    uncordon: Annotated[str, typer.Option(help="Plan to uncordon this node.")] = "",
    drain: Annotated[str, typer.Option(help="Plan to cordon this node and evict what runs there.")] = "",
    replace: Annotated[str, typer.Option(help="Plan to evict this instance (NAMESPACE/NAME).")] = "",
    replace_node: Annotated[
        str, typer.Option(help="Plan to drain this node and end its EC2 instance; its account is a second --source.")
    ] = "",
    pause: Annotated[str, typer.Option(help="Plan to pause this Deployment's rollout (NAMESPACE/NAME).")] = "",
    resume: Annotated[str, typer.Option(help="Plan to let a paused rollout go on (NAMESPACE/NAME).")] = "",
    undo: Annotated[str, typer.Option(help="Plan the way back from what this run has done.")] = "",
    delete_local_data: Annotated[bool, typer.Option(help="Allow that evicted emptyDir volumes are lost.")] = False,
    audit_log: AuditLogs = None,
    audit_policy: AuditPolicy = "",
    kubeconfig: Kubeconfig = "",
    config: Config = "",
    store: StorePath = "",
    as_json: AsJson = False,
) -> None:
    """Look, choose one remedy, and stop at the gate. Reads with the source's credentials; changes nothing."""
    from auditor.commands import plan as room

    wishes = {"cordon": cordon, "uncordon": uncordon, "drain": drain, "replace": replace}
    wishes |= {"replace-node": replace_node}
    wishes |= {"pause": pause, "resume": resume, "undo": undo}
    wish = room.wish_of(wishes, delete_local_data)
    raise typer.Exit(
        room.plan(finding, source or [], to, wish, kubeconfig, config, store, as_json, (audit_log or (), audit_policy))
    )


@policy_app.command("explain")
def policy_explain(run: RunId, config: Config = "", store: StorePath = "", as_json: AsJson = False) -> None:
    """Say what the policy would do with a run's plan now: exit 0 where approvals would let it be carried out."""
    from auditor.commands import policy as room

    raise typer.Exit(room.explain(run, config, store, as_json))


@policy_app.command("lift")
def policy_lift(
    run: RunId,
    reason: Annotated[str, typer.Option(help="Why what stopped it is no reason any more.")] = "",
    stop: Annotated[str, typer.Option(help="Lift this rule's stops alone (as auditor.toml has it in when).")] = "",
    context: Context = "",
    kubeconfig: Kubeconfig = "",
    profile: Profile = "",
    sign: Annotated[str, typer.Option(help="Be known by this private key (OpenSSH or PEM), not by the cluster.")] = "",
    name: Annotated[str, typer.Option("--as", help="With --sign: who you are, as auditor.toml names you.")] = "",
    config: Config = "",
    store: StorePath = "",
) -> None:
    """Lift the stops that hold a run's plan, as one of those whom the policy names for it."""
    from auditor.commands import policy as room
    from auditor.commands.acting import Credentials

    given = Credentials(context, kubeconfig, profile)
    raise typer.Exit(room.lift(run, reason, stop, given, sign, name, config, store))


@app.command()
def approve(
    run: Annotated[str, typer.Argument(help="The run's id, as auditor plan prints it; not with --plan.")] = "",
    context: Context = "",
    kubeconfig: Kubeconfig = "",
    profile: Profile = "",
    code: Annotated[str, typer.Option(help="The plan's short code; asked for where it is not given.")] = "",
    minutes: Annotated[int, typer.Option(min=0, max=1440, help="How long it holds (0: as the settings say).")] = 0,
    signature: Annotated[str, typer.Option(help="Hand in an approval of RUN that was signed elsewhere.")] = "",
    plan: Annotated[
        str, typer.Option(help="On another machine: the plan's file, as auditor plan --json made it.")
    ] = "",
    sign: Annotated[str, typer.Option(help="With --plan: the private key (OpenSSH or PEM) to sign with.")] = "",
    name: Annotated[str, typer.Option("--as", help="With --plan: the approver, as auditor.toml names them.")] = "",
    output: Annotated[str, typer.Option("--output", "-o", help="With --sign: where to write the approval.")] = "",
    statement_out: Annotated[str, typer.Option(help="With --plan: write what ssh-keygen -Y sign is to sign.")] = "",
    config: Config = "",
    store: StorePath = "",
) -> None:
    """Approve exactly one plan, as who the cluster says you are or by a key. Writes the approval and nothing else."""
    from auditor.commands import approve as room
    from auditor.commands import sign as signing
    from auditor.commands.acting import Credentials

    if bool(run) == bool(plan) or (plan and signature) or (run and (sign or name or output or statement_out)):
        signing.refuse_words()
    if plan:
        done = signing.sign(plan, sign, name, code, minutes, output, statement_out, config)
    elif signature:
        done = signing.hand_in(run, signature, config, store)
    else:
        given = Credentials(context, kubeconfig, profile)
        done = room.approve(run, given, code, minutes, config, store)
    raise typer.Exit(done)


@app.command()
def execute(
    run: RunId,
    approval: Annotated[str, typer.Option(help="The approval's id (default: the run's newest).")] = "",
    context: Context = "",
    kubeconfig: Kubeconfig = "",
    profile: Profile = "",
    config: Config = "",
    store: StorePath = "",
    as_json: AsJson = False,
) -> None:
    """Carry out an approved plan with the acting credentials, then verify it."""
    from auditor.commands import execute as room
    from auditor.commands.acting import Credentials

    given = Credentials(context, kubeconfig, profile)
    raise typer.Exit(room.execute(run, approval, given, config, store, as_json))


@app.command()
def resume(
    run: RunId,
    context: Context = "",
    kubeconfig: Kubeconfig = "",
    profile: Profile = "",
    config: Config = "",
    store: StorePath = "",
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was stopped behind the gate: from its checkpoint and its journal."""
    from auditor.commands import execute as room
    from auditor.commands.acting import Credentials

    given = Credentials(context, kubeconfig, profile)
    raise typer.Exit(room.resume(run, given, config, store, as_json))


@ledger_app.command("verify")
def ledger_verify(
    context: Context = "",
    kubeconfig: Kubeconfig = "",
    config: Config = "",
    store: StorePath = "",
    as_json: AsJson = False,
) -> None:
    """Prove the ledger and what it is about: exit 0 whole, 10 tampered with, 3 where an anchor can't be read."""
    from auditor.commands import ledger as room

    raise typer.Exit(room.verify(context, kubeconfig, config, store, as_json))


@ledger_app.command("show")
def ledger_show(
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many, the newest last.")] = 20,
    store: StorePath = "",
    as_json: AsJson = False,
) -> None:
    """Show the newest entries."""
    from auditor.commands import ledger as room

    raise typer.Exit(room.show(limit, store, as_json))


@ledger_app.command("anchor")
def ledger_anchor(
    context: Context = "", kubeconfig: Kubeconfig = "", config: Config = "", store: StorePath = ""
) -> None:
    """Keep the newest head in every anchor of the settings, after proving the ledger."""
    from auditor.commands import ledger as room

    raise typer.Exit(room.anchor(context, kubeconfig, config, store))


@app.command()
def demo(
    step: Annotated[bool, typer.Option("--step", help="Wait for the return key between the parts.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Approve the plan unasked: for where nobody watches.")
    ] = False,
) -> None:
    """The whole loop, with a real remediation, on an embedded AWS: no cluster, key or account needed."""
    from auditor.commands import demo as room

    raise typer.Exit(room.demo(step, yes))


@app.command()
def doctor(
    source: Annotated[str, typer.Argument(help="kubernetes:CONTEXT, or a recorded list or folder.")] = "",
    acting: Annotated[bool, typer.Option("--acting", help="Ask what execute needs, of the acting account.")] = False,
    audit_log: AuditLogs = None,
    audit_policy: AuditPolicy = "",
    context: Context = "",
    kubeconfig: Kubeconfig = "",
    config: Config = "",
    as_json: AsJson = False,
) -> None:
    """Say which permission or setting would close which gap: exit 3 where something required is missing."""
    from auditor.commands import doctor as room

    logs = (audit_log or (), audit_policy)
    raise typer.Exit(room.doctor(source, context, acting, kubeconfig, config, logs, as_json))


@app.command()
def init(
    source: OneSource = "",
    kubeconfig: Kubeconfig = "",
    context: Context = "",
    config: Annotated[str, typer.Option("--config", "-c", help="The file to write (default: ./auditor.toml).")] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    shown: Annotated[bool, typer.Option("--print", help="Show it on standard output, and write nothing.")] = False,
) -> None:
    """Look around, and write a commented auditor.toml of what was found."""
    from auditor.commands import init as room

    raise typer.Exit(room.init(source, kubeconfig, context, config, force, shown))

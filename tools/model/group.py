"""How a group of servers keeps and replaces its members (an Auto Scaling group), and what a server runs at its boot."""

from __future__ import annotations

import msgspec


class Group(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What decides how a group's next release replaces its members (`DescribeAutoScalingGroups`,
    `DescribeInstanceRefreshes`, `DescribeWarmPool`, `DescribeLifecycleHooks`).

    `named` is how the group names its release, as written: `3`, `$Latest`, `$Default` (with a mixed instances policy
    each once: `3, $Latest`), or a launch configuration's name; `overrides` how many overrides of a mixed instances
    policy name a template or an image of their own.
    `suspended` are its suspended processes, `skip_matching` the preference of its last refresh (None: it had none, or
    it was not read), `protect_new` `NewInstancesProtectedFromScaleIn`, `protected` and `standby` how the last refresh
    treats such members (`ScaleInProtectedInstances`, `StandbyInstances`: `Ignore`, `Wait`, `Refresh`/`Terminate`),
    `strategy` its `Strategy` (`Rolling`, `ReplaceRootVolume`). `warm_reuse` is the warm pool's `ReuseOnScaleIn`, `warm`
    how many members wait in it. `hooks` are its lifecycle hooks, `name/transition/timeout`.
    """

    named: str
    overrides: int = 0
    suspended: tuple[str, ...] = ()
    skip_matching: bool | None = None
    protect_new: bool = False
    protected: str = ""
    standby: str = ""
    strategy: str = ""
    refresh: str = ""
    warm_reuse: bool | None = None
    warm: int = 0
    hooks: tuple[str, ...] = ()

    @property
    def stopped(self) -> str:
        """The suspended processes, in one text."""
        return ", ".join(self.suspended)


class BootStep(msgspec.Struct, frozen=True, gc=False, order=True):
    """One line of user data that fetches or changes something at boot: its number (from 1), what it does (`package`,
    `download`, `pipe-to-shell`, `repository`, `configuration`, `agent`) and the command's first words, no argument that
    could be a secret."""

    line: int
    kind: str
    command: str


class Boot(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a server does at its first boot by its user data: the digest and the size (bytes) of the text, its form
    (`shell`, `cloud-config`, `mime`, `powershell`, `ignition`, `unknown`; `none` where there is no text), and what it
    fetches. The text is never kept."""

    digest: str
    size: int
    form: str
    steps: tuple[BootStep, ...] = ()

    @property
    def fetches(self) -> str:
        """What it fetches or changes, in one text."""
        return "; ".join(f"line {step.line}: {step.command}" for step in self.steps)

"""The metadata service of every server answers only to requests that hold a session token (IMDSv2).

**Why.** Version 1 answers any HTTP GET to 169.254.169.254. A request that an application was talked into making
(SSRF), an open proxy or a misconfigured web server then reads the credentials of the server's role and its user data,
and goes on from there as that role.

**What is examined.** The server's metadata options as EC2 reports them: `HttpTokens` (`optional` is version 1 beside
version 2) and `HttpEndpoint`. The hop limit is noted where version 1 is on: above 1, containers and routers on the
server reach it too. What the template of its release asks for is said beside it.

**How to fix.** `HttpTokens: required` in the launch template's metadata options (or in the image: `ImdsSupport: v2.0`,
or as the account's default), and replace the servers. `aws ec2 modify-instance-metadata-options` closes it at once on
one that can't be replaced yet; the next replacement undoes that, unless the template says so too.

**Limits.** Whether anything uses version 1 is not read (the CloudWatch metric `MetadataNoToken` tells). With the
endpoint off nothing answers: a pass. A token does not help against code that runs on the server.
"""

from __future__ import annotations

from tools.check import Thing, View, Violation, Violations, check
from tools.model.nouns import Instance, Release
from tools.model.observation import NotApplicable, NotObserved, seen


@check(Instance, severity="high", principle="secure-baseline", scopes=("aws",))
def examine(instance: Instance, view: View) -> Violations:
    """A violation for a server that answers without a token."""
    if instance.finished:
        raise NotApplicable("it has ended")
    machine = instance.machine
    if machine.endpoint == "disabled" or seen(machine.tokens_seen, instance.ref, "HttpTokens") == "required":
        return
    told = "its metadata service answers without a token (IMDSv1)"
    evidence: list[tuple[Thing, str]] = [(instance, "machine.tokens_seen"), (instance, "machine.endpoint")]
    if machine.hops is not None and machine.hops > 1:
        told += f", up to {machine.hops} hops away"
        evidence.append((instance, "machine.hops"))
    release = _release(instance, view)
    if release is not None and release.tokens:
        told += f"; its release asks for {release.tokens}"
        evidence.append((release, "tokens"))
    yield Violation("v1-answers", told, evidence)


def _release(instance: Instance, view: View) -> Release | None:
    """The release that made it, where that is known: it is said beside what is judged."""
    try:
        return view.release_of(instance)
    except NotObserved:
        return None

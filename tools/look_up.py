"""What a person runs to see an object again, and where a value that was read can be found, by the object's kind."""

from __future__ import annotations

from tools.model.identity import Ref
from tools.model.report import Evidence

AWS: dict[str, str] = {
    "Instance": "aws ec2 describe-instances --instance-ids {name}",
    "AutoScalingGroup": "aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names {name}",
    "LaunchTemplateVersion": "aws ec2 describe-launch-template-versions --versions {tail} "
    "--launch-template-name {head}",
    "LaunchConfiguration": "aws autoscaling describe-launch-configurations --launch-configuration-names {name}",
    "Image": "aws ec2 describe-images --image-ids {name} --include-deprecated",
    "Volume": "aws ec2 describe-volumes --volume-ids {name}",
    "SecurityGroup": "aws ec2 describe-security-groups --group-ids {name}",
    "KeyPair": "aws ec2 describe-key-pairs --key-names {name}",
}
"""The AWS command line's look-up by kind of object; `head` and `tail` are a name's parts around its last colon."""
AUDIT_LOG = ("/user/username", "/requestURI", "/requestReceivedTimestamp", "/requestObject", "/message")
"""Where the values of a change stand: in the API server's audit log (or a Kubernetes event), not in the object."""
CLOUDTRAIL = ("/userIdentity", "/eventTime", "/userAgent", "/requestParameters", "/eventName")
"""How the pointers begin that lead into a CloudTrail event."""


def command(ref: Ref) -> str:
    """The command that shows an object; empty for what no command shows (a pool)."""
    if ref.kind == "Pool":
        return ""
    if ref.kind in AWS:
        head, _, tail = ref.name.rpartition(":")
        region = f" --region {ref.scope.rpartition('/')[2]}" if "/" in ref.scope else ""
        return AWS[ref.kind].format(name=ref.name, head=head, tail=tail) + region
    where = f" -n {ref.namespace}" if ref.namespace else ""
    return f"kubectl get {ref.kind.lower()} {ref.name}{where} -o yaml --show-managed-fields"


def place(evidence: Evidence) -> str:
    """Where a value can be found again: in a log, in the history, or in the object as it was at a version."""
    if evidence.pointer in AUDIT_LOG:
        return f"{'event' if evidence.field == 'note' else 'audit log, event'} {evidence.version}"
    if evidence.version.startswith("seen "):
        return f"this auditor's history, {evidence.version}"
    if evidence.pointer.startswith(CLOUDTRAIL):
        return f"CloudTrail, event {evidence.version}"
    if evidence.ref.kind in AWS:
        return f"as AWS answered, version {evidence.version}" if evidence.version else "as AWS answered"
    return f"resourceVersion {evidence.version or 'unknown'}"

"""Session Manager: who had a shell on which instance."""

from __future__ import annotations

from typing import Any

from moto.moto_api._internal import mock_random

from auditor.embedded_aws.call import Answer, Call, Refused, operation, page
from auditor.embedded_aws.ssm import managed

SESSIONS = "sessions"


@operation("ssm", "StartSession")
def start_session(call: Call) -> Answer:
    """Open one to a managed instance."""
    target = call.get("Target")
    if target not in {instance.id for instance in managed(call)}:
        raise Refused("TargetNotConnected", f"{target} is not connected.")
    session = {
        "SessionId": f"{call.principal.username}-{mock_random.get_random_hex(17)}",
        "Target": target,
        "Status": "Connected",
        "StartDate": call.now,
        "DocumentName": call.get("DocumentName", "SSM-SessionManagerRunShell"),
        "Owner": call.principal.identity()["arn"],
        "MaxSessionDuration": "60",
        "AccessType": "Standard",
        **({"Reason": call.get("Reason")} if call.get("Reason") else {}),
    }
    call.shelf(SESSIONS).append(session)
    where = f"wss://ssmmessages.{call.region}.amazonaws.com/v1/data-channel/{session['SessionId']}"
    return {"SessionId": session["SessionId"], "TokenValue": "embedded", "StreamUrl": where}


@operation("ssm", "TerminateSession")
def terminate_session(call: Call) -> Answer:
    """End one."""
    for session in call.shelf(SESSIONS):
        if session["SessionId"] == call.get("SessionId"):
            session.update(Status="Terminated", EndDate=call.now)
    return {"SessionId": call.get("SessionId")}


@operation("ssm", "DescribeSessions")
def describe_sessions(call: Call) -> Answer:
    """Those that are open, or (`State=History`) those that have ended, newest first."""
    ended = call.get("State") == "History"
    filters = {one["key"]: one["value"] for one in call.get("Filters", [])}
    told = [
        session
        for session in reversed(call.shelf(SESSIONS))
        if (session["Status"] == "Terminated") == ended and _passes(session, filters)
    ]
    return page(told, call, "Sessions", "MaxResults", 200)


def _passes(session: dict[str, Any], filters: dict[str, str]) -> bool:
    names = {"Target": "Target", "Owner": "Owner", "SessionId": "SessionId", "Status": "Status"}
    return all(session.get(names[key]) == value for key, value in filters.items() if key in names)

"""The embedded AWS: that it runs here and ends."""

from __future__ import annotations

import socket
import sys
from typing import Any
from urllib.parse import urlparse

import boto3
import pytest
from moto.autoscaling import models as autoscaling

from auditor import embedded_aws
from tests.aws_fleet import fleet
from tools.errors import AuditorError

models: Any = autoscaling


def test_it_listens_on_the_loopback_and_leaves_nothing() -> None:
    theirs = models.FakeAutoScalingGroup, models.InstanceState, models.utcnow
    with embedded_aws.serve() as aws:
        where = urlparse(aws.endpoint)
        assert where.hostname == "127.0.0.1"
        assert models.FakeAutoScalingGroup is not theirs[0]
        boto3.client("ec2", **aws.client()).create_key_pair(KeyName="a")
    assert (models.FakeAutoScalingGroup, models.InstanceState, models.utcnow) == theirs
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", where.port)) != 0
    with embedded_aws.serve() as aws:
        assert boto3.client("ec2", **aws.client()).describe_key_pairs()["KeyPairs"] == []


def test_there_is_one_at_a_time() -> None:
    with embedded_aws.serve(), pytest.raises(AuditorError, match="runs already"), embedded_aws.serve():
        pass
    with embedded_aws.serve():
        pass


def test_without_moto_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("auditor.embedded_aws.listening")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(embedded_aws, "listening", raising=False)
    monkeypatch.setitem(sys.modules, "moto.moto_server", None)
    with pytest.raises(AuditorError) as caught, embedded_aws.serve():
        pass
    assert "pip install" in caught.value.mend
    monkeypatch.undo()
    with embedded_aws.serve():
        pass


def test_an_instance_is_in_service_when_it_has_booted() -> None:
    with fleet(boot_seconds=40) as aws:
        aws.template("web", aws.image("web-1"))
        aws.group("web", "1", 1)
        assert aws.told("web")["Instances"][0]["LifecycleState"] == "Pending"
        assert aws.activities("web")[0]["StatusCode"] == "InProgress"
        aws.wait(90)
        assert aws.told("web")["Instances"][0]["LifecycleState"] == "InService"
        done = aws.activities("web")[0]
        assert (done["EndTime"] - done["StartTime"]).total_seconds() == 40
        assert len(aws.members("web")) == 1

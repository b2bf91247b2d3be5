"""batch/v1: Jobs and CronJobs."""

from __future__ import annotations

from msgspec import Raw

from tools.collect.kubernetes.wire.meta import Condition, ObjectMeta, Struct


class JobSpec(Struct, frozen=True):
    """`spec` of a Job, and of a CronJob's `jobTemplate`; the template stays raw, to be digested."""

    template: Raw


class JobStatus(Struct, frozen=True):
    """`status` of a Job."""

    conditions: list[Condition] | None = None


class Job(Struct, frozen=True):
    """batch/v1 Job."""

    metadata: ObjectMeta
    spec: JobSpec
    status: JobStatus = JobStatus()


class JobTemplate(Struct, frozen=True):
    """`spec.jobTemplate` of a CronJob."""

    spec: JobSpec


class CronJobSpec(Struct, frozen=True):
    """`spec` of a CronJob."""

    job_template: JobTemplate


class CronJob(Struct, frozen=True):
    """batch/v1 CronJob."""

    metadata: ObjectMeta
    spec: CronJobSpec

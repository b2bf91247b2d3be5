"""Amazon Inspector: what it covers and what it found, as the shelves `coverage` and `findings` hold it."""

from __future__ import annotations

from typing import Any

from auditor.embedded_aws.call import Answer, Call, operation, page


@operation("inspector2", "ListCoverage")
def list_coverage(call: Call) -> Answer:
    """The covered resources of the types that a filter names."""
    types = call.get("filterCriteria", {}).get("resourceType")
    told = [one for one in call.shelf("coverage") if _equal(types, one.get("resourceType"))]
    return page(told, call, "coveredResources", "maxResults", 200, "nextToken")


@operation("inspector2", "ListFindings")
def list_findings(call: Call) -> Answer:
    """The findings that pass the filters by type, status, severity and fix. (moto's know no filter.)"""
    criteria = call.get("filterCriteria", {})
    told = [one for one in call.shelf("findings") if _passes(one, criteria)]
    return page(told, call, "findings", "maxResults", 100, "nextToken")


def _passes(finding: dict[str, Any], criteria: dict[str, Any]) -> bool:
    names = {"findingStatus": "status", "severity": "severity", "fixAvailable": "fixAvailable"}
    kinds = [one["type"] for one in finding["resources"]]
    return any(_equal(criteria.get("resourceType"), kind) for kind in kinds) and all(
        _equal(criteria.get(name), finding.get(field)) for name, field in names.items()
    )


def _equal(filters: list[dict[str, str]] | None, value: Any) -> bool:
    if not filters:
        return True
    return any((one["value"] == value) == (one["comparison"] == "EQUALS") for one in filters)

"""The test lab: a real Kubernetes cluster on one Linux machine, loopback only, without Docker.

`python -m tests.lab build|up|down|status|wipe` runs it; `tests.lab.fixtures` gives it to pytest.
"""

"""The Kubernetes audit log as a source: who did what to instances and workloads, and what it could have seen."""

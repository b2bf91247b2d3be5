"""What the tests on the lab drive the auditor with: its command line, killed at any point, and what the cluster saw."""

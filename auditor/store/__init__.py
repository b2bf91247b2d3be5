"""The store: one SQLite file, its owner's alone, with runs, contents, plans, approvals, claims and the journal."""

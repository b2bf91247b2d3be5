"""Executors: carry out an approved plan, journaled, idempotent, under the acting credentials. Reached only through the
gate; what they need of the application (the journal) is a protocol declared here."""

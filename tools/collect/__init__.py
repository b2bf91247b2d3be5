"""Collectors: each reads one kind of source with one set of credentials and maps it onto the domain's nouns."""

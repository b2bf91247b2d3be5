"""The domain: one small vocabulary of frozen values for containers and servers. No I/O, no behaviour beyond
derived properties. Kubernetes and AWS are mapped onto these nouns by their collectors."""

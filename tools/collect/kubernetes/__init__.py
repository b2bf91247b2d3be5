"""Kubernetes, live or from recorded lists, through one decoder: api or recording → wire → mapping → Facts."""

"""The application: the command line, the agent's graph, the gate, the store and what people read."""

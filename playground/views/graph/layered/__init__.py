"""A layout of our own, in time that grows as the graph does, for graphs on which Graphviz computes for too long."""

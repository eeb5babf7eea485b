"""Live PyTorch under observation: `record` runs a callable once and gives a `Trace`."""

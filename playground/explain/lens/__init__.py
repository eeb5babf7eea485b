"""One recorded call opened as a picture of its own arithmetic: plain data over the numbers of that very call."""

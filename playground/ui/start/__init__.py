"""Start of a process, before its first page: it loads PyTorch, and shows the default page meanwhile."""

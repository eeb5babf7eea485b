"""What a process does before its first page: it loads PyTorch, and shows the default page meanwhile."""

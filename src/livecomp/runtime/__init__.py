"""What runs around the pages of a process: connections, threads, timers, tasks, topics, and their orderly end."""

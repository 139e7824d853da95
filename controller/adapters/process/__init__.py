"""The `process` runtime: agents as child processes on this machine, for trying DVO out."""

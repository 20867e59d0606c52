"""Champions kept loaded, each in a sandbox of its own, and asked over HTTP."""

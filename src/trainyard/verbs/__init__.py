"""The six jobs' verbs. Each takes a run from one stage to the next and does nothing past it."""

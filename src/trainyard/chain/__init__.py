"""The six jobs on one machine: Jenkins Job Builder renders them, this executes the resulting XML."""

"""Trainyard: push training code, get a gated model or a reasoned refusal."""

__version__ = "0.1.0"

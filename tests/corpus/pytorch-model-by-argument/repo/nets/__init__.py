from . import gated

from .loop import improve
from .settings import ROUNDS

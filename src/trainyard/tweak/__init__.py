"""The tweaker's decisions: what is wrong with a trial, and what the next one changes. Pure.

`propose` answers what trial comes next, or why none does; `diagnose` what a trial's numbers show;
`before_training` what is visible without any. The harness applies what is decided here.
"""

from trainyard.tweak.diagnose import before_training, diagnose
from trainyard.tweak.earlier import Earlier
from trainyard.tweak.findings import Finding, Kind
from trainyard.tweak.propose import Exhausted, Proposal, propose
from trainyard.tweak.record import TrialRecord

__all__ = [
    "Earlier",
    "Exhausted",
    "Finding",
    "Kind",
    "Proposal",
    "TrialRecord",
    "before_training",
    "diagnose",
    "propose",
]

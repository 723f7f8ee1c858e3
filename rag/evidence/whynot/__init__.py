"""Diagnosis of a passage not sent to the model for a question, and the least change that would have sent it.

| file           | holds                                                                        |
| -------------- | ---------------------------------------------------------------------------- |
| `asking.py`    | `WhyNot`: which passage is meant, and the verdict on it                       |
| `case.py`      | one passage against one answer: what the record says, what is measured now   |
| `passages.py`  | the passage somebody means who pastes a sentence of it                       |
| `diagnosis.py` | the verdict, as a value                                                      |
| `remedies.py`  | changes of the settings, and the least one for a passage that was found      |
| `widening.py`  | the least widening of a search for one that was not                          |
| `since.py`     | what is no longer as it was at the answer                                    |
"""

from __future__ import annotations

from .asking import WhyNot
from .diagnosis import Check, Diagnosis, Obstacle, Passing, Step
from .passages import Fit, Passage
from .remedies import Remedy, changed

__all__ = ["Check", "Diagnosis", "Fit", "Obstacle", "Passage", "Passing", "Remedy", "Step", "WhyNot", "changed"]

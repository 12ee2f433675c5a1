"""Says whether one model is better than another here, at what cost, and how sure that is."""

from keras_addmul.compare.comparison import compare
from keras_addmul.compare.judging.verdicts import Verdict, judge
from keras_addmul.compare.planned import Plan, plan
from keras_addmul.compare.result import Result

__all__ = ["Plan", "Result", "Verdict", "compare", "judge", "plan"]


def __dir__() -> list[str]:
    return __all__

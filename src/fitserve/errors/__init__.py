"""Typed errors: raise one where the facts are known; `problems` turns it into an answer."""

from fitserve.errors.bodies import (
    MalformedJson,
    MalformedRequest,
    TakesTooMuch,
    TooLarge,
    TooMany,
    UnsupportedMediaType,
)
from fitserve.errors.faults import (
    COUNTED,
    LISTED,
    Fault,
    InvalidRequest,
    Location,
    amended,
    refuse,
    relocated,
    within,
)
from fitserve.errors.keys import Forbidden, ForeignForm, Unauthorized
from fitserve.errors.load import Overloaded, PredictionLimit, RateLimited
from fitserve.errors.models import ModelExists, ModelTraining, UnknownModel, UnknownModelType
from fitserve.errors.problem import FAULT, Advice, Answer, FitserveError, clip, problem, told
from fitserve.errors.store import (
    DamagedModel,
    ModelUnreadable,
    StoreFull,
    StoreTooNew,
    StoreUnavailable,
    TooManyModels,
)
from fitserve.errors.trainings import (
    Busy,
    TooManyTrainings,
    TrainingCancelled,
    TrainingFailed,
    TrainingLimit,
    TrainingLost,
)

__all__ = [
    "COUNTED",
    "FAULT",
    "LISTED",
    "Advice",
    "Answer",
    "Busy",
    "DamagedModel",
    "Fault",
    "FitserveError",
    "Forbidden",
    "ForeignForm",
    "InvalidRequest",
    "Location",
    "MalformedJson",
    "MalformedRequest",
    "ModelExists",
    "ModelTraining",
    "ModelUnreadable",
    "Overloaded",
    "PredictionLimit",
    "RateLimited",
    "StoreFull",
    "StoreTooNew",
    "StoreUnavailable",
    "TakesTooMuch",
    "TooLarge",
    "TooMany",
    "TooManyModels",
    "TooManyTrainings",
    "TrainingCancelled",
    "TrainingFailed",
    "TrainingLimit",
    "TrainingLost",
    "Unauthorized",
    "UnknownModel",
    "UnknownModelType",
    "UnsupportedMediaType",
    "amended",
    "clip",
    "problem",
    "refuse",
    "relocated",
    "told",
    "within",
]

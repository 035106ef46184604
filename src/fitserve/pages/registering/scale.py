"""Whether columns of different spread would spoil what is learned."""

from dataclasses import replace

from fitserve.data import observations
from fitserve.data.columns import Columns
from fitserve.data.encoding import Encoder, NumberEncoder
from fitserve.training.training import Training

MOST = 5_000_000  # cells of a matrix that is brought back to its own scale for this


def scale_advice(training: Training) -> str | None:
    """What is said of the columns' scale, of one that was brought to one scale as well; None
    where the type does not mind, or there is nothing to say."""
    table, X = training.table, training.X
    if table is None or not training.model.scale_matters:
        return None
    columns = table.columns
    if any(_is_scaled(encoder) for encoder in columns.encoders):
        if X.size > MOST:
            return None
        X = X.copy()
        for encoder, start in zip(columns.encoders, columns.starts, strict=False):
            if isinstance(encoder, NumberEncoder):
                X[:, start] = X[:, start] * encoder.scale + encoder.mean
        columns = Columns([_unscaled(encoder) for encoder in columns.encoders])
    found = observations.of_columns(X, columns)
    return next((one.words for one in found if "standardize" in one.set), None)


def _is_scaled(encoder: Encoder) -> bool:
    return isinstance(encoder, NumberEncoder) and encoder.scale != 1.0


def _unscaled(encoder: Encoder) -> Encoder:
    if isinstance(encoder, NumberEncoder):
        return replace(encoder, mean=0.0, scale=1.0)
    return encoder

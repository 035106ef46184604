"""How good a model is: figures, folds, importances and samples, each a pure function of arrays."""

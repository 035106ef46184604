"""Which types come nearest to those of others that there are not here."""

import re
from collections.abc import Iterable

_SUFFIX = re.compile("(?:classifier|classification|regressor|regression|cv|model|clustering)+$")
_NEAREST = {
    "decision_tree": (
        "(random|extra|boosted|regression|classification)?(forests?|trees?)|"
        "(hist)?(gradient|ada|cat|logit)boost(ed|ing)?(trees?|machines?)?|xgb(oost|rf)?|lightgbm|"
        "lgbm?|gb(m|dt|rt)?|boosting|bagging|rf|c45|c50|id3"
    ),
    "linear_regression": (
        "lin(ear)?reg|linear|lm|lasso|elasticnet|(lasso)?lars(lasso)?|bayesianridge|ridge|ard|"
        "huber|theilsen|linearsvr|passiveaggressiveregressor|ransac|kernelridge|sgdregressor|quantile|poisson|gamma|tweedie|"
        "(orthogonal)?matchingpursuit|omp|pls"
    ),
    "logistic_regression": (
        "maxent|maximumentropy|softmax|sgdclassifier|ridgeclassifier(cv)?|lda|"
        "(linear)?discriminantanalysis|lineardiscriminantanalysis|probit|binomial"
    ),
    "gauss_naive_bayes": "q(uadratic)?d(iscriminant)?a(nalysis)?",
    "multi_naive_bayes": "(complement|bernoulli|categorical)(nb|naivebayes)",
    "perceptron": "passiveaggressive",
    "svm": "nusvc|oneclasssvm",
    "kmeans": "(minibatch|bisecting)kmeans|kmedoids|kmodes|birch|vectorquantization",
    "kmeans, gmm": (
        "h?dbscan|optics|agglomerative|hierarchical|spectral|meanshift|affinitypropagation|cluster"
    ),
    "gmm": "bayesiangaussianmixture|em|mog",
    "knn": "radiusneighbou?rs|nearestcentroid|neighbou?rs",
    "knn, decision_tree": (
        "mlp|multilayerperceptron|neuralnet(work)?s?|deeplearning|dnn|ann|gaussianprocess(es)?|gp|"
        "supportvectorregression|(nu)?svr|isotonic"
    ),
    "pca": (
        "(truncated|randomized)?svd|(incremental|kernel|sparse|minibatchsparse)pca|t?sne|umap|nmf|"
        "(fast)?ica|factoranalysis|isomap|mds|locallylinearembedding|lle|lsa"
    ),
}
"""By our types, a pattern of what others call theirs, without what parts its words."""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The types, of the known ones, that come nearest to a type of others: none, or a few."""
    plain = re.sub(r"[\W_]", "", name.rpartition(".")[2][:60]).casefold()
    known = set(known)
    for one in (plain, _SUFFIX.sub("", plain)):
        for ours, theirs in _NEAREST.items():
            if re.fullmatch(theirs, one) and known.issuperset(ours.split(", ")):
                return ours.split(", ")
    return []

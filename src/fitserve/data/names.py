"""Which name was meant by one that is unknown where it stands."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from fitserve.errors import clip

_PENALTY = (
    "penalty|(lambda|lmbda|lamda)(param(eter)?|reg|value)?|weightdecay|"
    "((l2)?reg(ulari[sz]ation)?|l2)(lambda|param|alpha|penalty|strength)?"
)
_ITERATIONS = "(max|n|num|numberof)?(iter(ation)?s?|epochs?|steps?)"
_STEP = "eta|eta0|stepsize|lr|rate|learningrate(init)?"
_CALLED = {
    "model_type": "model|type|algorithm|algo|estimator|classifier|regressor",
    "model_id": "id|version",
    "features": "x|data|rows|row|input|inputs|instances|values|sample|samples",
    "X": "data|rows|input|inputs|instances|samples|features|xs|xtrain|trainx",
    "y": "target|targets|label|labels|outcome|outcomes|response|ytrue|ytrain|trainy|classes",
    "target": "y|targets|label|labels|outcome|response|targetcolumn|class",
    "kwargs": "args|arguments|params|parameters|hyperparameters|hyperparams",
    "feature_names": "columns|names|columnnames|header|headers|featurename",
    "probabilities": "proba|predictproba|returnproba|probs",
    "cv": "(n|num|k|cv)?(folds?|splits)(cv)?|(n|k|num)cv|crossval(idation|idate)?",
    "holdout": "testsize|testshare|split|validationsplit|validation|testsplit",
    "missing": "impute|imputer|imputation|fillna|fill|dropna",
    "na_values": "nan|na|navalue|null|nulls|navals|missingvalues",
    "standardize": "scale|scaling|scaler|normalize|normalise",
    "delimiter": "sep|separator|delim",
    "kinds": "dtype|dtypes|types|columntypes",
    "drop": "exclude|ignorecolumns|dropcolumns|dropna|skip|remove|delete",
    "impute": "mean|median|mode|fill|fillna|interpolate",
    "number": "float(64)?|int(64)?|integer|numeric|num|double|real",
    "category": "categorical|cat|factor|enum|object|nominal",
    "text": "string|str|words|free",
    "balanced": "auto|balancedsubsample",
    "squared_error": "mse|mae|friedmanmse|absoluteerror|poisson",
    "distance": "inverse(distance)?|weighted",
    "random": "randomfromdata",
    "l1": "lasso",
    "l2": "elastic(net)?|ridge",
    "onehot": "dummies|ohe|onehotencoding",
    "regression": "regressor|regress|numeric",
    "classification": "classifier|classify|categorical",
    "random_state": "seed|randomseed|rng",
    "max_iter": _ITERATIONS,
    "learning_rate": _STEP,
    "eta0": _STEP,
    "lam": _PENALTY,
    "C": "cs",
    "tol": "tolerance|eps|epsilon|threshold",
    "n_init": "restarts|n?(runs|starts?)",
    "init": "init(ialization|method|params)",
    "init_params": "init(ialization|method)?",
    "n_iter_no_change": "patience|earlystopping",
    "fit_intercept": "(use|add)?(intercept|bias)",
    "class_weight": "(class)?weights?|balanced?",
    "reg_covar": "reg(ulari[sz]ation)?|varsmoothing",
    "var_smoothing": "smoothing|laplace|alpha|regcovar",
    "max_leaf_nodes": "n?(leaves|leafs)|max(leaves|leafs)",
    "n_neighbors": "k|n|(n|num)?neighbou?rs?|n?clusters",
    "n_clusters": "(num)?clusters|k|n|n?components|n?centers|n?neighbou?rs?",
    "n_components": "components|dimensions|n?dims?|n?clusters|k|n",
    "min_samples_leaf": "minleaf|minsamples?leaf|leafsize|minleafsize",
    "covariance_type": "cov(ariance)?(type)?",
    "alpha": f"{_PENALTY}|lam|ridge|smoothing|laplace",
    "max_depth": "depth|maximumdepth|treedepth",
    "priors": "(class)?priors?",
    "class_prior": "(class)?priors?",
    "p": "metric|distance|norm|minkowski",
    "dry_run": "dry|check|validateonly",
    "source": "from|src|source(url|store)?|csv|file|path|file(name|path)|csv(file|path)|x|data",
    "out": "output|outfile|(out|output)path|saveto",
    "wait": "block|blocking|sync|synchronous",
    "progress": "callback|callbacks|verbose|onprogress|watch",
    "url": "(base)?ur[il]|host|server|address|endpoint",
    "key": "apikey|token|auth|password|readkey|writekey",
    "timeout": "(read)?timeout(s|seconds)?|seconds",
    "patience": "(max)?retr(y|ies)",
    "destination": "to|dst|dest|destination(url|store)?",
    "limit": "size|pagesize|perpage|count|n",
    "after": "cursor|next",
    "decision_tree": "tree|cart|dt|decisiontree(classifier|regressor)",
    "gauss_naive_bayes": "(gauss|gaussian)?(nb|naivebayes)",
    "gmm": "gaussianmixture(s|model)?|mixture",
    "kmeans": "kmeansclustering|clustering",
    "knn": "kneighbou?rs(classifier|regressor)|k?nearestneighbou?rs?",
    "linear_regression": "linear(model)?|ols|leastsquares|ridge|regression",
    "logistic_regression": "logistic|logit|logreg|lr",
    "multi_naive_bayes": "multinomial(nb|naivebayes)",
    "pca": "principalcomponents?(analysis)?",
    "svm": "(linear)?svc|supportvectormachine",
}
"""By name of ours, a pattern of what others call the same thing, without what parts its words."""
_ESTIMATORS = (
    "algorithm,average,bootstrap,break_ties,cache_size,ccp_alpha,coef0,copy,copy_X,copy_x,degree,"
    "decision_function_shape,dual,early_stopping,epsilon,force_alpha,gamma,iterated_power,kernel,"
    "l1_ratio,leaf_size,max_features,max_samples,metric_params,min_weight_fraction_leaf,"
    "monotonic_cst,multi_class,n_estimators,n_jobs,n_oversamples,oob_score,positive,"
    "power_iteration_normalizer,power_t,means_init,precisions_init,weights_init,precompute,"
    "probability,selection,shrinking,solver,splitter,svd_solver,validation_fraction,verbose,"
    "verbose_interval,warm_start"
)
THEIRS = frozenset(_ESTIMATORS.split(","))
"""Parameters of scikit-learn's estimators that no type has here."""
RENAMED = ("metric",)
"""Those that types have by another name alone."""
_NEARLY = 0.85  # how alike two names are where no other can be meant
_BEGUN = 3  # letters from which on a word may be the begin of another
_OF_URLS = re.compile(r"[\s&+#%]").search
_KIND = r":(number|category|text)$"
_PARTS = re.compile(r"[;|&,]|(?:(?<=:number)|(?<=:category)|(?<=:text))\s+")
_A_KEY = re.compile(r"x?(?:api|auth|access)?(?:key|token)|auth\w*|bearer|password").fullmatch


def closest(name: str, known: Iterable[str], cutoff: float = 0.75) -> list[str]:
    """Which of the known names is written nearly so: at most one."""
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name[:40].casefold(), folded, n=1, cutoff=cutoff)
    return [folded[one] for one in near]


def meant(name: str, known: Iterable[str]) -> list[str]:
    """Which of the known names was meant, if it shows: at most one. Beside what is written nearly
    so, that is what others call the same thing."""
    known = list(known)
    return _surely(name, known) or closest(name, known)


def chosen(value: str, choices: Iterable[str]) -> list[str]:
    """Which of the choices was meant, if it shows: at most one. Beside what `meant` tells, that is
    the one of the same words, or else the only one that begins so, or that it begins with."""
    choices, bare = list(choices), _bare(value)

    def alike(one: str) -> bool:
        short, long = sorted((_bare(one), bare), key=len)
        return len(short) >= _BEGUN and long.startswith(short)

    same = [one for one in choices if sorted(_words(one)) == sorted(_words(value))]
    found = meant(value, choices) or same or list(filter(alike, choices))
    return found if len(found) == 1 else []


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", name[:40].casefold())


def _surely(name: str, known: list[str]) -> list[str]:
    ours = [one for one in known if re.fullmatch(_CALLED.get(one, r"(?!)"), _bare(name))]
    return (closest(name, known, _NEARLY) or ours)[:1]


def instead_of(name: str, known: Iterable[str]) -> str:
    """`write age, if that is meant; ` where one of the known names is nearly this one."""
    return "".join(f"write {one}, if that is meant; " for one in closest(name, known))


def in_a_url(name: str, known: Iterable[str]) -> tuple[str, str] | None:
    """The known name that this one is, of which a sign had a meaning in the URL, and what that is;
    or the one that is nearly this one, where a URL has it otherwise than it is."""
    known = list(known)
    for one in known:
        if "+" in one and one.replace("+", " ") == name:
            return one, "in a URL + is a space"
        if one.startswith((f"{name}#", f"{name}&")):
            return one, f"a URL has another meaning for {one[len(name)]}"
    for one in [] if parted(name, known) else closest(name, known):
        return (one, "") if _OF_URLS(one) else None
    return None


def parted(name: str, known: Iterable[str]) -> list[str]:
    """The known names that this one is, written with something else than what parts them."""
    known = set(known)
    parts = [re.sub(_KIND, "", part).strip() for part in re.split(r"[;|,]|\s+", name[:1000])]
    parts = [part for part in parts if part]
    return parts if len(parts) > 1 and known.issuperset(parts) else []


def with_commas(kinds: str) -> str | None:
    """Kinds by the names of columns that stand between other signs, as commas part them; None
    where there is no such sign. One that lacks is KIND."""
    if not re.search(_KIND.replace("$", r"(?:\s*[;|&]|\s+[^\s,])"), kinds):
        return None
    parts = [part.strip() for part in _PARTS.split(kinds)]
    return ",".join(part if ":" in part else f"{part}:KIND" for part in parts if part)


def unknown(
    name: str,
    known: Iterable[str],
    given: Mapping[str, str] = MappingProxyType({}),
    foreign: tuple[str, str] | None = None,
    unlike: Collection[str] = (),
) -> tuple[str, str]:
    """What to say of a name that is none of the known ones, and which of them was meant, or ''. Of
    those that are there already, `given` holds the names by which they are; `foreign` says of a
    name who has it and who has not, and what that one has; `unlike` were not meant."""
    known = list(known)
    here = f"there is no {clip(name, 40)!r}" if foreign is None else foreign[0]
    if _A_KEY(_bare(name)):
        return f"{here}; send a key in the header Authorization: Bearer KEY", ""
    if not known:
        return f"{here} here; leave it out", ""
    listed = f"known are: {clip(', '.join(known), 600)}" if foreign is None else foreign[1]
    known = [one for one in known if one not in unlike]
    free = [one for one in known if one not in given]
    there = [one for one in known if one in given]
    for looks in (_surely,) if foreign and name in THEIRS else (_surely, closest):
        for one in looks(name, free):
            return f"{here}; write {one}, if that is meant; {listed}", one
        for one in looks(name, there):
            return given_already(name, one, given[one]), one
    return f"{here}; {'leave it out; ' if foreign else ''}{listed}", ""


def given_already(name: str, one: str, spelled: str) -> str:
    """What to say of a name that means one which is there, spelled so."""
    spelling = "" if spelled == one else f", as {spelled}"
    return (
        f"there is no {clip(name, 40)!r}; it would mean {one}, which is given already{spelling}; "
        f"leave {clip(name, 40)} out"
    )


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name[:40]).casefold()

#!/usr/bin/env bash
# scikit-learn's PCA with its usual settings finds components in float32 readings that are not there.
#
# A surprise against: PCA centres the data, so an offset that all readings share does not matter; float32 costs the last digits.
# Versions: scikit-learn 1.9.1, numpy 2.4.6.
# Expected: one large component, a sensor whose variance is 100 times that of the others, whatever the offset.
# Seen: with at least ten times as many rows as columns `svd_solver="auto"` takes "covariance_eigh", which subtracts the outer product
# of the means from the product of the data: in float32 the digits that matter cancel. At a mean of 1,000 spreads of 1 the second
# component is 8 times too large; at 10,000 (air pressure in pascals, to 10) the first one is no longer the loud sensor and holds ten
# times its variance. No warning. The solver "full", and float64, are right in each case; so is `X - X.mean(axis=0)` before.
#
# Output seen:
#   scikit-learn 1.9.1
#   mean / spread   dtype    solver                     variances of three components   weight of the loud sensor in the first
#   10000           float64  covariance_eigh               103.6      1.2      1.2     1.00
#   0               float32  covariance_eigh               103.6      1.2      1.2     1.00
#   1000            float32  covariance_eigh               103.4     10.2      2.0     1.00
#   10000           float32  covariance_eigh              1123.7    114.0    108.1     0.04
#   10000           float32  full                          103.6      1.2      1.2     1.00
#   10000           float32  covariance_eigh, centred      103.6      1.2      1.2     1.00
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
"$dir/venv/bin/python" -I - <<'END'
import numpy as np
import sklearn
from sklearn.decomposition import PCA

readings = np.random.default_rng(0).normal(size=(2000, 20))
readings[:, 0] *= 10

print("scikit-learn", sklearn.__version__)
print("mean / spread   dtype    solver                     variances of three components   weight of the loud sensor in the first")


def fit(mean, dtype, solver="auto", centred=False):
    data = (readings + mean).astype(dtype)
    pca = PCA(3, svd_solver=solver).fit(data - data.mean(axis=0) if centred else data)
    name = pca._fit_svd_solver + (", centred" if centred else "")
    weight = abs(pca.components_[0, 0])
    variances = "".join(f"{variance:9.1f}" for variance in pca.explained_variance_)
    print(f"{mean:<15} {np.dtype(dtype).name:8} {name:26}{variances}     {weight:.2f}")
    return pca.explained_variance_, weight


truth, _ = fit(10_000, np.float64)
for mean in (0, 1_000, 10_000):
    variances, weight = fit(mean, np.float32)
    if mean == 0:
        assert np.allclose(variances, truth, rtol=1e-3), "changed: without an offset"
    if mean == 1_000:
        assert variances[1] > 3 * truth[1], "changed: the second component at 1,000 spreads"
    if mean == 10_000:
        assert weight < 0.5 and variances[0] > 3 * truth[0], "changed: the first component at 10,000 spreads"
for settings in ({"solver": "full"}, {"centred": True}):
    variances, weight = fit(10_000, np.float32, **settings)
    assert weight > 0.99 and np.allclose(variances, truth, rtol=1e-2), f"changed: {settings}"
END

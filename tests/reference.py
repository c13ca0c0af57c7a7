"""The experiment in plain NumPy, from rows and from the theorems: symmetric square roots, full
singular value decompositions, least squares on samples. Slow and plain on purpose: it is what the
suite is checked against (recompute) and timed against (peer)."""
import gzip
import sys

import numpy as np


def inverse_root(S):
    values, vectors = np.linalg.eigh(S)
    return (vectors / np.sqrt(values)) @ vectors.T


def encoder(method, x, y, S, k):
    """Rows of the solution on samples x (n x d): Theorems 3.1 and 3.2, and eq. 46."""
    n = len(x)
    if method == "supervised":
        return np.linalg.solve(S, x.T @ y / n).T
    root = inverse_root(S)
    second_moment = x.T @ x / n
    if method == "reconstruction":
        right = np.linalg.svd(second_moment @ root)[2]
    else:
        right = np.linalg.svd(root @ second_moment @ root)[2]
    return right[:k] @ root


def values(method, x, S):
    """What the k rows are selected by, largest first: to tell well-separated subspaces."""
    root = inverse_root(S)
    second_moment = x.T @ x / len(x)
    if method == "reconstruction":
        return np.linalg.svd(second_moment @ root, compute_uv=False)
    return np.linalg.eigvalsh(root @ second_moment @ root)[::-1]


def score(method, W, x, y):
    z = x @ W.T
    if method != "supervised":
        z = z @ np.linalg.lstsq(z, y, rcond=None)[0]
    return np.sum((y - z) ** 2) / len(x)


def covariance(x, theta, gamma, alpha):
    """S = (1/n) X'X + Theta + alpha^2 Gamma."""
    return x.T @ x / len(x) + np.diag(theta) + alpha**2 * np.diag(gamma)


def leakage(method, W, S, p):
    """Largest squared sine between the rows of W and the functionals of the first p inputs, in the
    inner product of S; supervised: the share of the rows' energy that is orthogonal to those."""
    values, vectors = np.linalg.eigh(S)
    root = (vectors * np.sqrt(values)) @ vectors.T
    rows, important = (W @ root).T, np.linalg.qr(root[:, :p])[0]
    if method != "supervised":
        rows = np.linalg.qr(rows)[0]
    noise = rows - important @ (important.T @ rows)
    if method == "supervised":
        return np.sum(noise**2) / np.sum(rows**2)
    return np.linalg.norm(noise, 2) ** 2


def thresholds(k, s, theta, gamma):
    """eta, delta, and the alpha^2 of reconstruction and of joint embedding: Propositions 4.3, 4.4."""
    signal, noise = theta[: len(s)], theta[len(s) :]
    eta = np.sort(s / np.sqrt(s + signal))[-k]
    delta = np.sort(s / (s + signal))[-k]
    reconstruction = np.max(gamma / eta**2 - noise / gamma - 1)
    joint_embedding = np.max((1 - delta) / delta - noise / gamma)
    return eta, delta, reconstruction, joint_embedding


def solve_point(method, clean, noise, y, theta, gamma, alpha, k):
    """Scores on clean and corrupted samples, and the corrupted solution's encoder."""
    p = clean.shape[1]
    W = encoder(method, clean, y, covariance(clean, theta[:p], np.zeros(p), 0), min(k, p))
    clean_score = score(method, W, clean, y)
    x = np.hstack([clean, noise * np.sqrt(gamma)])
    S = covariance(x, theta, np.concatenate([np.zeros(p), gamma]), alpha)
    W = encoder(method, x, y, S, k)
    return clean_score, score(method, W, x, y), W


def read_idx(path):
    data = gzip.open(path).read()
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def peer(images, labels, output, replicates=5, pca=50, q=50, k=50, theta_max=1e4):
    """The whole experiment of jobs/fashion-mnist.yaml, as one would write it in an afternoon."""
    x = read_idx(images)
    x = x.reshape(len(x), -1).astype(float)
    y = np.eye(10)[read_idx(labels)]
    x -= x.mean(0)
    axes = np.linalg.eigh(x.T @ x / len(x))[1][:, ::-1][:, :pca]
    x = x @ axes
    scores, encoders = {}, {}
    for replicate in range(replicates):
        random = np.random.default_rng(replicate)
        order = random.permutation(len(x))
        noise = random.standard_normal((51200, q))
        unit, theta = random.uniform(size=q), theta_max * random.uniform(size=pca + q)
        for lambda_max in (1e3, 1e6):
            for alpha in (0.1, 1, 10):
                for n in 100 * 2 ** np.arange(10):
                    rows = order[:n]
                    for method in ("supervised", "reconstruction", "joint-embedding"):
                        key = f"{replicate},{lambda_max},{alpha},{n},{method}"
                        *scores[key], encoders[key] = solve_point(
                            method, x[rows], noise[:n], y[rows], theta, lambda_max * unit, alpha, k
                        )
    np.savez(output, **encoders, scores=np.array(list(scores.values())))


if __name__ == "__main__":
    peer(*sys.argv[1:])

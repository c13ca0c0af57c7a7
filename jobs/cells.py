#!/usr/bin/python3
"""Counts of cells as an atlas has them, for jobs/cells.yaml: python3 jobs/cells.py cells.h5ad [CELLS [GENES]]

Gamma-Poisson counts: cell types differ in a few genes each by a factor, a gene's mean is log-normal over genes,
its overdispersion falls with the mean, and library sizes are log-normal over cells. The file is laid out as
AnnData's: X by compressed rows, obs/cell_type, obs/_index and var/_index."""
import sys

import h5py
import numpy as np

TYPES, MARKERS, BATCH, SEED = 12, 0.03, 500, 1
LIBRARY, DEPTH = 3000, 0.4  # median counts of a cell, and their spread (natural logarithm)


def expressions(genes, random):
    """Means of each type's genes, as shares of a cell; and the inverse of their overdispersion."""
    mean = random.lognormal(0, 1.7, genes)
    factor = np.where(random.random((TYPES, genes)) < MARKERS, random.lognormal(1.2, 0.6, (TYPES, genes)), 1)
    shares = mean * factor / (mean * factor).sum(1, keepdims=True)
    return shares, 1 / (0.1 + 0.5 / np.sqrt(1e4 * mean / mean.sum()))


def counts(shares, shape, types, random):
    size = random.lognormal(np.log(LIBRARY), DEPTH, (len(types), 1))
    return random.poisson(size * shares[types] * random.gamma(shape, 1 / shape, (len(types), shares.shape[1])))


def write(path, cells, genes):
    random = np.random.default_rng(SEED)
    shares, shape = expressions(genes, random)
    types = random.choice(TYPES, cells, p=np.arange(1, TYPES + 1)[::-1] / (TYPES * (TYPES + 1) / 2))
    with h5py.File(path, "w") as file:
        x = file.create_group("X")
        x.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": (cells, genes)})
        packed = {"shape": (0,), "maxshape": (None,), "chunks": (1 << 16,), "compression": "gzip", "compression_opts": 1}
        data, indices = (x.create_dataset(name, dtype=kind, **packed) for name, kind in (("data", "f4"), ("indices", "i4")))
        ends = [0]
        for first in range(0, cells, BATCH):
            batch = counts(shares, shape, types[first:first + BATCH], random)
            row, column = batch.nonzero()
            for dataset, values in ((data, batch[row, column]), (indices, column)):
                dataset.resize(ends[-1] + len(column), 0)
                dataset[ends[-1]:] = values
            ends.extend(ends[-1] + np.cumsum((batch > 0).sum(1)))
        x["indptr"] = np.array(ends)
        file["obs/cell_type/codes"] = types.astype("i1")
        file["obs/cell_type/categories"] = [f"type {chr(ord('A') + i)}" for i in range(TYPES)]
        file["obs/_index"] = [f"cell-{i}" for i in range(cells)]
        file["var/_index"] = [f"gene-{i}" for i in range(genes)]


if __name__ == "__main__":
    write(sys.argv[1], *(int(word) for word in (sys.argv[2:] + ["20000", "4000"][len(sys.argv) - 2:])))

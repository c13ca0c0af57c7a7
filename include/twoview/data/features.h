/* From a source's raw features to the p important components. Samples are centred and rotated to
 * the principal components of the data set, or of the population that generates them, so that they
 * share eigenvectors with the noise and augmentation covariances, as the theory assumes; gaussian
 * sources are made in them already. */
#ifndef TWOVIEW_DATA_FEATURES_H
#define TWOVIEW_DATA_FEATURES_H

#include <mpi.h>

#include "twoview/checkpoint/checkpoint.h"
#include "twoview/data/source.h"
#include "twoview/experiment/experiment.h"

/* The name of the variances of the components in archives and JSON. */
#define TV_DATA_SPECTRUM "data_spectrum"

/* Of components that are found in passes over the rows: the passes, and the largest residual |A v -
 * value v| relative to the last value. */
enum { TV_PRINCIPAL_PASSES, TV_PRINCIPAL_RESIDUAL, TV_PRINCIPAL_FIGURES };

typedef struct {
  int inputs;        /* raw features */
  int p;             /* components kept */
  double *mean;      /* inputs, or NULL for features that are components already, and then: */
  double *offset;    /* p components of the mean less `mean`, which is rounded; NULL */
  double *variances; /* inputs, of the raw features; NULL */
  double *basis;     /* inputs x p, column-major, orthonormal columns; NULL */
  double *spectrum;  /* p variances of the components over the population or the data set; NULL: of
                      * features that are kept as they are */
  double *axes;      /* inputs x `features.pca`, orthonormal columns: of the view model without a
                      * corruption, along which moments are taken; NULL */
  double *weights;   /* p/2 frequencies of `inputs`, each contiguous: of random Fourier features,
                      * which are the cosine and sine of the first, those of the next, ...; NULL */
  double bandwidth;  /* their scale */
  tv_principal_solver solver; /* by which components were found; TV_PRINCIPAL_BY_COST: none were */
  double accuracy[TV_PRINCIPAL_FIGURES]; /* 0: of those found exactly */
  tv_work work;                          /* of fitting */
} tv_features;

/* Whether a data set has rows enough for as many components as are wanted. Error: it has not.
 *                                                                               Not collective. */
tv_error *tv_features_expect_rows(const tv_experiment *experiment, const tv_source *source);

/* Fit to the whole data set, as tv_principal_choose says: one pass over this rank's shards and one
 * reduction (a known population needs neither), and one eigenproblem on rank 0 (so that the basis
 * is the same bits on any number of ranks); or several passes. Kept in `checkpoint` (or NULL), from
 * which it is taken when it is there. Errors: too few rows; components whose variance is no more
 * than rounding leaves. Free with tv_features_destroy. Collective. */
tv_error *tv_features_fit(const tv_experiment *experiment, const tv_source *source, MPI_Comm comm,
                          tv_checkpoint *checkpoint, tv_features **out);
void tv_features_destroy(tv_features **features);

/* Of the view model, whose steps act on them: features as they are, or nonlinear ones, without
 * axes. Free with tv_features_destroy. Collective. */
tv_error *tv_features_keep(const tv_experiment *experiment, const tv_source *source, MPI_Comm comm,
                           tv_features **out);

/* count rows: raw (count x inputs, overwritten) to components (count x p), rows contiguous. Row i
 * may be a linear combination of samples, whose coefficients add up to constants[i]: so many means
 * are taken off. NULL: all rows are samples.                                    Not collective. */
void tv_features_apply(const tv_features *features, int count, const double *constants, double *raw,
                       double *components);

/* Floating-point operations that the features of a row take.                     Not collective. */
double tv_features_flops(const tv_features *features);

/* The random Fourier features of rows, which stand `leading` numbers apart, as the results do.
 *                                                                               Not collective. */
void tv_features_map(const tv_features *features, int count, const double *raw, int leading,
                     double *out, int out_leading);

#endif

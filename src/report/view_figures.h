/* The figures of the view model's report; each where there is something to show. */
#ifndef TWOVIEW_REPORT_VIEW_FIGURES_H
#define TWOVIEW_REPORT_VIEW_FIGURES_H

#include "parts.h"

/* Scores against the sample size, a panel for each severity; with one sample size against the
 * severity, and with one of these, too, against the strength. */
int tv_has_score_curves(const tv_archive *archive);
void tv_describe_score_curves(const tv_archive *archive, tv_figure *out);

/* What every strength gains over the first, severity x strength. */
int tv_has_gains(const tv_archive *archive);
void tv_describe_gains(const tv_archive *archive, tv_figure *out);

/* Encoders and decoders of images as pictures. */
int tv_has_maps(const tv_archive *archive);
void tv_describe_maps(const tv_archive *archive, tv_figure *out);

/* Samples of images as they are, corrupted and augmented. */
int tv_has_samples(const tv_archive *archive);
void tv_describe_samples(const tv_archive *archive, tv_figure *out);

#endif

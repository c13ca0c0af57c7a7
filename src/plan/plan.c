#include "twoview/plan/plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "twoview/archive/schema.h"
#include "twoview/base/comm.h"
#include "twoview/base/digest.h"
#include "twoview/base/escape.h"
#include "twoview/base/memory.h"
#include "twoview/base/statistics.h"
#include "twoview/data/preparation.h"
#include "twoview/data/principal_choice.h"
#include "twoview/hdf5/array.h"
#include "twoview/linalg/eigen.h"
#include "twoview/linalg/krylov.h"
#include "twoview/methods/method.h"
#include "twoview/moments/law.h"
#include "twoview/studies/examples.h"
#include "twoview/studies/results.h"

enum { NUMBER = sizeof(double) };

/* Memory that MPI, HDF5 and BLAS take for themselves while they work, their code included: by
 * measurement, 8.6 to 9.4 MiB on 1, 2 and 4 ranks that had next to nothing else to do. */
static const double library_buffers = 9 << 20;

static double square(double x) {
  return x * x;
}

static double largest_size(const tv_experiment *e) {
  return (double)e->sizes[e->sizes_count - 1];
}

static int is_law(const tv_experiment *e) {
  return e->noise.sampler == TV_SAMPLER_LAW;
}

/* ---- What there is ---- */

/* Whether the principal components of all rows are found first. */
static int finds_components(const tv_experiment *e, const tv_source *source) {
  if (source->kind->has_components) return 0;
  return !tv_experiment_has_views(e) || (e->features.pca && e->corruption.chain.count == 0);
}

/* Of what; TV_PRINCIPAL_BY_COST: they are not. */
static tv_principal_solver solver_of(const tv_experiment *e, const tv_source *source) {
  return finds_components(e, source) ? tv_principal_choose(e, source) : TV_PRINCIPAL_BY_COST;
}

static double block_of(const tv_experiment *e, const tv_source *source) {
  return tv_krylov_block(source->features, tv_experiment_components(e, source->features));
}

/* Inputs that an encoder has when it is kept: the features themselves, of views of them. */
static double kept_inputs(const tv_experiment *e, const tv_plan *plan) {
  return tv_experiment_has_views(e) ? plan->p : plan->d;
}

/* Numbers of the frequencies that a row meets, which nonlinear features are made of. */
static double count_weights(const tv_experiment *e, const tv_source *source) {
  return (double)e->features.count * source->features;
}

static int corrupts_rows(const tv_experiment *e) {
  return e->corruption.chain.count > 0 && e->corruption.sampler == TV_CORRUPTED_ROWS;
}

/* In how many severities rows are summed: as they are, and corrupted. */
static double count_severities(const tv_experiment *e) {
  if (!corrupts_rows(e)) return 1;
  return tv_experiment_first_severity(e) + tv_experiment_corruptions(e);
}

/* Every one of the rows' replicates has the same rows, unless something is drawn for them. */
static double held_out_replicates(const tv_experiment *e, const tv_held_out *held_out) {
  const int is_drawn = !held_out->source || corrupts_rows(e) || e->noise.components > 0;
  return held_out->size == 0 ? 0 : is_drawn ? e->replicates : 1;
}

/* Moments of the rows; of those held out; and of sampled views, together with their rows. */
static double count_matrices(const tv_experiment *e) {
  return e->replicates * count_severities(e) * e->sizes_count;
}

static double held_out_matrices(const tv_experiment *e, const tv_held_out *held_out) {
  return held_out_replicates(e, held_out) * count_severities(e);
}

static double view_cells(const tv_experiment *e) {
  return tv_experiment_sums_views(e) ? count_matrices(e) * tv_experiment_alignments(e) : 0;
}

/* Of each row: drawn here, or made by another program. */
static double count_views(const tv_experiment *e, const tv_source *source) {
  return source->views ? source->views : e->augmentation.views;
}

static double view_cell_numbers(const tv_plan *plan) {
  return 2 * square(plan->p) + (plan->p + 1.0) * plan->width;
}

/* ---- Flops and normals ---- */

/* The sums over a data set's raw features that travel along the tree in a pass. */
static double raw_numbers(const tv_experiment *e, const tv_source *source) {
  const tv_principal_solver solver = solver_of(e, source);
  if (source->kind->is_generated) return 0;
  if (solver == TV_PRINCIPAL_COVARIANCE) return square(source->features + 1.0);
  return solver == TV_PRINCIPAL_SUBSPACE ? source->features * (block_of(e, source) + 2) : 0;
}

static double count_raw_passes(const tv_experiment *e, const tv_source *source) {
  return solver_of(e, source) == TV_PRINCIPAL_SUBSPACE ? TV_USUAL_PASSES : 1;
}

/* Of these sums, or of the Gram matrix of the rows. */
static double count_raw_flops(const tv_experiment *e, const tv_source *source) {
  const double rows = (double)source->rows, inputs = source->features;
  const tv_principal_solver solver = solver_of(e, source);
  if (solver == TV_PRINCIPAL_ROWS) return square(rows) * inputs;
  if (solver == TV_PRINCIPAL_SUBSPACE)
    return count_raw_passes(e, source) * 4 * rows * inputs * block_of(e, source);
  return rows * raw_numbers(e, source);
}

double tv_plan_view_rows(const tv_experiment *e) {
  return view_cells(e) / e->sizes_count * largest_size(e);
}

double tv_plan_view_flops(const tv_experiment *e, const tv_source *source, const tv_plan *plan,
                          double views) {
  return tv_plan_view_rows(e) * ((views + 1) * square(plan->p) + 2.0 * plan->p * plan->width +
                                 2 * views * count_weights(e, source));
}

/* Sums of sampled views, or of the one spread of all, at all strengths. */
static double count_view_flops(const tv_experiment *e, const tv_source *source,
                               const tv_plan *plan) {
  return tv_plan_view_flops(e, source, plan, fmax(1, count_views(e, source)));
}

/* Rows that are read for moments, those held out in a pass of their own, over their own file or
 * over all rows; generated ones fresh for each replicate. */
static double count_read_rows(const tv_experiment *e, const tv_source *source,
                              const tv_held_out *held_out) {
  const double size = (double)held_out->size;
  if (source->kind->is_generated)
    return e->replicates * (largest_size(e) + (size > 0 ? largest_size(e) + size : 0));
  return (double)source->rows + (size == 0 ? 0 : held_out->source ? size : (double)source->rows);
}

/* Nonlinear features of rows: as they are, of all in a file whenever some are summed, and
 * corrupted.
 */
static double count_map_flops(const tv_experiment *e, const tv_source *source,
                              const tv_held_out *held_out, const tv_plan *plan) {
  const double drawn =
      e->replicates * largest_size(e) + held_out_replicates(e, held_out) * (double)held_out->size;
  const double again = plan->layout.is_distributed && !source->kind->is_generated
                           ? (double)source->rows * (e->replicates * e->sizes_count - 1)
                           : 0;
  const double rows =
      count_read_rows(e, source, held_out) + again + drawn * (count_severities(e) - 1);
  return 2 * rows * count_weights(e, source);
}

/* Moments of the rows: a rank-b update is width^2 flops a row. Before it, those of the raw features
 * of a data set; and rows that need it are rotated, the generated ones fresh for each replicate. */
static double count_moment_flops(const tv_experiment *e, const tv_source *source,
                                 const tv_held_out *held_out, const tv_plan *plan) {
  const double sampled = e->replicates * largest_size(e);
  const double scored = held_out_replicates(e, held_out) * (double)held_out->size;
  const double raw = count_raw_flops(e, source);
  if (is_law(e)) return raw + tv_law_estimate_cost(e, source, plan->p).flops;
  const int are_rotated = !source->kind->has_components && !tv_experiment_has_views(e);
  return (sampled + scored) * count_severities(e) * square(plan->width) + raw +
         count_view_flops(e, source, plan) + count_map_flops(e, source, held_out, plan) +
         are_rotated * 2 * count_read_rows(e, source, held_out) * source->features * plan->p;
}

/* Of chains, as if each of their steps drew one number for each of a sample's. */
static double count_chain_normals(const tv_experiment *e, const tv_source *source,
                                  const tv_held_out *held_out) {
  const double severities = tv_experiment_corruptions(e) + tv_experiment_first_severity(e) - 1;
  const double rows = e->replicates * largest_size(e);
  const double scored = held_out->size > 0 ? e->replicates * (double)held_out->size : rows;
  const double corrupted =
      severities * e->corruption.chain.count *
      ((corrupts_rows(e) ? rows + held_out_replicates(e, held_out) * (double)held_out->size : 0) +
       (source->has_classes ? scored : 0));
  const double views = tv_plan_view_rows(e) * e->augmentation.views * e->augmentation.chain.count;
  return source->features * (corrupted + views);
}

/* Distributed, each rank draws the inputs of its rows and of its columns. */
static double count_normals(const tv_experiment *e, const tv_source *source,
                            const tv_held_out *held_out, const tv_plan *plan) {
  const double sampled = e->replicates * largest_size(e);
  const double of_chains =
      tv_experiment_has_views(e) ? count_chain_normals(e, source, held_out) : 0;
  if (is_law(e)) return tv_law_estimate_cost(e, source, plan->p).normals;
  if (plan->layout.is_distributed && !tv_experiment_has_views(e))
    return sampled * ((double)plan->d * (plan->grid_rows + plan->grid_columns) +
                      (double)plan->ranks * source->targets);
  const double all = sampled + held_out_replicates(e, held_out) * (double)held_out->size;
  return of_chains +
         all * (e->noise.components + (source->kind->is_generated ? source->features : 0));
}

/* ---- Memory of the fullest rank, in numbers ---- */

/* Share of the points whose sample size is kept. */
static double kept_share(const tv_experiment *e, tv_keep keep) {
  return keep == TV_KEEP_ALL ? 1 : keep == TV_KEEP_LAST ? 1.0 / e->sizes_count : 0;
}

static double sums_while_reducing(const tv_experiment *e, const tv_plan *plan, double length) {
  const tv_partition partition = {.size = plan->ranks, .shards = e->parallel.shards};
  int most = 0;
  for (int rank = 0; rank < plan->ranks; ++rank) {
    const int buffers = tv_shard_buffers(&partition, rank);
    most = buffers > most ? buffers : most;
  }
  return length * (1 + most);
}

static double basis_memory(const tv_experiment *e, const tv_source *source) {
  const double kept = tv_experiment_components(e, source->features);
  return finds_components(e, source) ? source->features * kept : count_weights(e, source);
}

/* A batch of rows, of which nonlinear features are made. */
static double input_memory(const tv_experiment *e, const tv_source *source, double rows) {
  if (!tv_experiment_has_fourier(e)) return 0;
  return rows * source->features * (corrupts_rows(e) ? 2 : 1);
}

/* The matrix alone, of which few vectors are found; or all of them and a workspace beside. */
static double eigenproblem_memory(const tv_plan *plan) {
  const int selects = tv_eigen_selects(plan->principal_order, plan->components);
  return (selects ? 1 : 3) * square(plan->principal_order);
}

/* By the Gram matrix of the rows: rank 0 has them all and diagonalises, when the rows that another
 * rank sends are no longer on their way. */
static double wide_memory(const tv_source *source, const tv_plan *plan) {
  const double rows = (double)source->rows, inputs = source->features;
  const double sent = fmin(fmax(1 << 20, inputs), TV_BATCH * inputs);
  return rows * inputs + fmax(sent, eigenproblem_memory(plan) + rows * plan->components);
}

/* A block and its product, the basis, on rank 0, and rows. */
static double subspace_memory(const tv_experiment *e, const tv_source *source,
                              const tv_plan *plan) {
  const double inputs = source->features, block = block_of(e, source);
  const double parts = fmin(e->parallel.shards, plan->ranks);
  const double rows = plan->keeps_rows ? ceil((double)source->rows / parts) : TV_BATCH;
  return inputs * (block + tv_krylov_room(source->features, plan->components) + rows) +
         TV_BATCH * (block + source->targets) +
         sums_while_reducing(e, plan, raw_numbers(e, source));
}

/* Raw moments of bytes are also held in single precision; then rank 0 diagonalises. */
static double features_memory(const tv_experiment *e, const tv_source *source,
                              const tv_plan *plan) {
  const double sums = raw_numbers(e, source);
  const double basis = basis_memory(e, source);
  if (!finds_components(e, source)) return 0;
  if (plan->principal_solver == TV_PRINCIPAL_ROWS) return basis + wide_memory(source, plan);
  if (plan->principal_solver == TV_PRINCIPAL_SUBSPACE)
    return basis + subspace_memory(e, source, plan);
  const double bytes = source->bytes ? 0.5 * sums : 0;
  return basis +
         fmax(sums_while_reducing(e, plan, sums) + bytes, sums + eigenproblem_memory(plan) + basis);
}

/* Moments of a data set without noise, to which the law sampler adds the noise. */
static double given_numbers(const tv_experiment *e, const tv_source *source, const tv_plan *plan) {
  const int is_population = e->source.role == TV_AS_POPULATION;
  const double matrices = is_population ? 1 : (double)e->replicates * e->sizes_count;
  return source->kind->is_generated ? 0 : matrices * square(plan->p + source->targets + 1);
}

/* All that there are later. */
static double all_moments(const tv_experiment *e, const tv_held_out *held_out,
                          const tv_plan *plan) {
  return (count_matrices(e) + held_out_matrices(e, held_out)) * square(plan->width) +
         view_cells(e) * view_cell_numbers(plan);
}

/* One kind of moments after the other. */
static double moments_memory(const tv_experiment *e, const tv_source *source,
                             const tv_held_out *held_out, const tv_plan *plan) {
  const double training = count_matrices(e) * square(plan->width);
  const double scored = held_out_matrices(e, held_out) * square(plan->width);
  const double views = view_cells(e) * view_cell_numbers(plan);
  const double rows = fmin(TV_BATCH, (double)source->rows);
  const double batch =
      rows * (source->features + plan->p + (corrupts_rows(e) ? 3.0 : 2.0) * plan->width) +
      input_memory(e, source, rows);
  if (!is_law(e)) {
    const double after = fmax(sums_while_reducing(e, plan, scored),
                              views > 0 ? scored + sums_while_reducing(e, plan, views) : 0);
    return batch + fmax(sums_while_reducing(e, plan, training), training + after);
  }
  const double given = sums_while_reducing(e, plan, given_numbers(e, source, plan));
  return training + given +
         fmax(given > 0 ? batch : 0, tv_law_estimate_cost(e, source, plan->p).row_numbers);
}

static double rows_of(const tv_experiment *e, const tv_source *source, unsigned method) {
  return tv_method_rows(tv_method_of(e->methods[method]), e->encoder.k, source->targets);
}

/* Rows of a point's encoders, and of its decoder, which has those of its encoder. */
static double count_rows(const tv_experiment *e, const tv_source *source, int with_decoder) {
  double rows = 0;
  for (unsigned m = 0; m < e->methods_count; ++m)
    rows +=
        rows_of(e, source, m) * (1 + (with_decoder && tv_method_of(e->methods[m])->has_decoder));
  return rows;
}

static double own_points(const tv_plan *plan) {
  return ceil((double)plan->points / plan->layout.groups);
}

/* Numbers of the lists of an entry. */
static double list_numbers(const tv_experiment *e) {
  const tv_study *study = tv_study_of(e);
  double numbers = 0;
  for (int i = 0; i < study->lists_count; ++i)
    numbers += study->lists[i].along == TV_ALONG_ROWS ? e->encoder.k : (double)e->methods_count;
  return numbers;
}

/* Two maps of a sample to its targets for each entry, where classes are predicted. */
static double map_numbers(const tv_experiment *e, const tv_source *source,
                          const tv_held_out *held_out, const tv_plan *plan) {
  if (!source->has_classes || (!tv_experiment_has_views(e) && held_out->size == 0)) return 0;
  return 2.0 * source->targets * (kept_inputs(e, plan) + 1);
}

/* What is kept of each solution, and of all. */
static double results_memory(const tv_experiment *e, const tv_source *source,
                             const tv_held_out *held_out, const tv_plan *plan) {
  const double represented = kept_share(e, e->archive.representations);
  const double kept = fmax(represented, kept_share(e, e->archive.encoders));
  const double samples = represented > 0 ? e->archive.representation_samples : 0;
  const double of_point = e->encoder.sizes_count * (double)e->methods_count;
  return own_points(plan) * (kept * kept_inputs(e, plan) *
                                 (count_rows(e, source, 1) + tv_experiment_has_views(e)) +
                             represented * samples * count_rows(e, source, 0) +
                             of_point * map_numbers(e, source, held_out, plan)) +
         (double)plan->entries * (tv_study_of(e)->count + list_numbers(e)) +
         e->replicates * samples * plan->width;
}

/* Maps of many settings on the way over the scored rows, and what they predict of some. */
static double accuracy_memory(const tv_experiment *e, const tv_source *source,
                              const tv_held_out *held_out, const tv_plan *plan) {
  const double settings = (double)e->replicates * tv_experiment_corruptions(e);
  const double entries = (double)plan->entries / settings;
  const double of_setting = entries * map_numbers(e, source, held_out, plan);
  if (of_setting == 0) return 0;
  return fmin(settings * of_setting, fmax(TV_MOST_MAP_NUMBERS, of_setting)) +
         TV_BATCH * (entries * source->targets + 2.0 * source->features + 3.0 * plan->width) +
         input_memory(e, source, TV_BATCH);
}

/* Of a matrix in whole columns, dealt out to so many ranks, the numbers of the fullest. */
static double column_numbers(const tv_plan *plan, int ranks) {
  const double block = plan->layout.block, blocks = ceil(plan->p / block);
  return plan->p * fmin(plan->p, ceil(blocks / ranks) * block);
}

/* What Gaussian steps do to nonlinear features: of all pairs of frequencies, whole on every rank,
 * for corruption and views; before it the frequencies, the covariance of the inputs and their
 * product.
 */
static double turning_memory(const tv_experiment *e, const tv_source *source, int ranks) {
  const double d = source->features, frequencies = e->features.count;
  if (!tv_experiment_has_fourier(e)) return 0;
  return 2 * square(frequencies) + (square(d) + 2 * d * frequencies + square(frequencies)) / ranks;
}

/* What is kept of methods that see no views, at every sample size (baselines.h): T and E. */
static double baselines_memory(const tv_experiment *e, const tv_plan *plan) {
  const double rows = fmin(e->encoder.k + 1.0, plan->d);
  double solutions = 0;
  for (unsigned m = 0; m < e->methods_count; ++m)
    if (tv_method_of(e->methods[m])->repeat) solutions += fmin(e->sizes_count, own_points(plan));
  return solutions * 2 * plan->d * rows / (plan->grid_rows * plan->grid_columns);
}

/* Matrices of the view model: one set of rows, three of their views and three workspaces of maps;
 * or A, C, G, S, L and those that a solution takes, as below; and one of each set of textures. */
static double solve_memory_of_views(const tv_experiment *e, const tv_source *source,
                                    const tv_plan *plan) {
  const int ranks = plan->grid_rows * plan->grid_columns;
  const int of_textures = tv_experiment_takes_moments(e) ? tv_experiment_row_sets(e) : 0;
  const int matrices = of_textures + (tv_eigen_selects(plan->d, e->encoder.k) ? 7
                                      : ranks > 1                             ? 9
                                                                              : 8);
  const double wanted = (double)plan->p * e->encoder.k;
  return matrices * column_numbers(plan, ranks) + (e->methods_count + 6.0) * wanted +
         baselines_memory(e, plan) + turning_memory(e, source, ranks);
}

/* Matrices of d x d alive at the same time: A, S, L, RC's whitened matrix and its square. For all
 * eigenvectors these and the workspace of one or, on several ranks, two come to that, for a few of
 * them only the vectors, once whole on every rank. */
static double solve_memory(const tv_experiment *e, const tv_plan *plan) {
  const int ranks = plan->grid_rows * plan->grid_columns;
  const double share = square(plan->d) / ranks, wanted = (double)plan->d * e->encoder.k;
  if (!tv_eigen_selects(plan->d, e->encoder.k))
    return (ranks == 1 ? 7 : 8) * share + 2 * wanted / ranks;
  return 5 * share + wanted + 3 * wanted / ranks;
}

/* One piece of the samples on its way to the archive, and what this rank, HDF5 and MPI hold of the
 * columns that are being written: two to three times as much as these, by measurement. */
static double samples_memory(const tv_experiment *e, const tv_plan *plan, const tv_schema *schema) {
  if (!e->archive.samples) return 0;
  const double rows = (double)schema->samples_piece;
  const double views = (double)tv_experiment_archived_views(e);
  return rows * (plan->width + 2.5 * fmax(plan->p * fmax(1, views), plan->d - plan->p));
}

/* An array of every kept point on its way to the archive: HDF5 filters all chunks of a rank, each
 * in memory of its own, before it writes the first, and holds beside each what finds and selects
 * it: 8 to 9 kB by measurement. */
static double array_memory(const tv_plan *plan, const tv_variable *v) {
  const double beside = 8192.0 / NUMBER;
  const double numbers = (double)tv_variable_length(v) + beside * tv_variable_chunks(v);
  if (!v->is_by_replicate) return numbers / plan->layout.groups;
  return 2 * numbers / fmax(plan->layout.groups, (double)v->shape[0]); /* made, and filtered */
}

/* Of encoders that are not all archived, though kept for representations, there is a copy. */
static double copy_memory(const tv_experiment *e, const tv_plan *plan, const tv_variable *v) {
  const int64_t kept = e->archive.representations == TV_KEEP_ALL ? e->sizes_count : 1;
  const double points = own_points(plan) * (double)v->shape[v->outer - 1] / e->sizes_count;
  if (v->is_by_replicate || v->shape[v->outer - 1] >= kept) return 0;
  return points * (double)(v->shape[v->outer] * v->shape[v->outer + 1]);
}

/* The largest one. */
static double arrays_memory(const tv_experiment *e, const tv_plan *plan, const tv_schema *schema) {
  double most = 0;
  for (const tv_variable *v = schema->variables; v < schema->variables + schema->count; ++v)
    if (v->outer > 1) most = fmax(most, array_memory(plan, v) + copy_memory(e, plan, v));
  return most;
}

/* The moments where they are distributed, a batch of rows, and a point: of the view model too, but
 * one after the other, and with the moments of rows held out. */
static double spread_memory(const tv_experiment *e, const tv_source *source,
                            const tv_held_out *held_out, const tv_plan *plan) {
  const double sums = (1 + (held_out->size > 0)) * column_numbers(plan, plan->ranks);
  const double rows =
      TV_BATCH * (source->features + plan->p + source->targets + 2.0 * plan->width) +
      input_memory(e, source, TV_BATCH);
  if (tv_experiment_has_views(e)) return sums + fmax(rows, solve_memory_of_views(e, source, plan));
  const double drawn =
      (double)TV_BATCH * plan->d * (1.0 / plan->grid_rows + 1.0 / plan->grid_columns);
  return square(plan->d) / plan->ranks + drawn + solve_memory(e, plan);
}

static double count_memory(const tv_experiment *e, const tv_source *source,
                           const tv_held_out *held_out, const tv_plan *plan,
                           const tv_schema *schema) {
  const double basis = basis_memory(e, source);
  const double kept = results_memory(e, source, held_out, plan);
  const double writing = fmax(arrays_memory(e, plan, schema), samples_memory(e, plan, schema));
  if (plan->layout.is_distributed)
    return NUMBER * (kept + fmax(spread_memory(e, source, held_out, plan),
                                 fmax(writing, accuracy_memory(e, source, held_out, plan))));
  const double solving =
      tv_experiment_has_views(e) ? solve_memory_of_views(e, source, plan) : solve_memory(e, plan);
  const double summing = basis + moments_memory(e, source, held_out, plan);
  const double using = fmax(solving, accuracy_memory(e, source, held_out, plan));
  const double later = basis + all_moments(e, held_out, plan) + kept + fmax(using, writing);
  return NUMBER * fmax(features_memory(e, source, plan), fmax(summing, later));
}

/* ---- Messages ---- */

/* Rows that a rank sends to rank 0, which makes their Gram matrix. */
static double count_sent_rows(const tv_experiment *e, const tv_source *source,
                              const tv_partition *partition, int rank) {
  if (rank == 0 || solver_of(e, source) != TV_PRINCIPAL_ROWS) return 0;
  return (double)(tv_shard_first_row_of_rank(partition, rank + 1) -
                  tv_shard_first_row_of_rank(partition, rank));
}

/* Numbers of the rows that a rank sends to all others, where moments of data are distributed; which
 * of them fall to its shards is drawn. */
static double count_shared_numbers(const tv_experiment *e, const tv_held_out *held_out,
                                   const tv_plan *plan, const tv_partition *partition, int rank) {
  if (!plan->layout.is_distributed || !tv_experiment_has_views(e) || plan->ranks == 1) return 0;
  const int shards =
      tv_shard_first_of_rank(partition, rank + 1) - tv_shard_first_of_rank(partition, rank);
  const double rows =
      e->replicates * largest_size(e) + held_out_replicates(e, held_out) * (double)held_out->size;
  return rows * shards / partition->shards * plan->width;
}

static double count_reduced_bytes(const tv_experiment *e, const tv_source *source,
                                  const tv_held_out *held_out, const tv_plan *plan, MPI_Comm comm) {
  const tv_partition partition = tv_partition_make(comm, source->rows, e->parallel.shards);
  const double given =
      is_law(e) ? given_numbers(e, source, plan) - count_matrices(e) * square(plan->width) : 0;
  const double of_study = all_moments(e, held_out, plan) + given;
  const double moments = plan->layout.is_distributed ? 0 : of_study;
  const double raw = count_raw_passes(e, source) * raw_numbers(e, source);
  double most = 0;
  for (int rank = 0; rank < plan->ranks; ++rank)
    most = fmax(most, tv_shard_sends(&partition, rank) * (raw + moments) +
                          count_sent_rows(e, source, &partition, rank) * source->features +
                          count_shared_numbers(e, held_out, plan, &partition, rank));
  return NUMBER * most;
}

/* ---- Together ---- */

/* What the archive holds, and what that takes. */
static tv_error *plan_archive(const tv_experiment *e, const tv_source *source,
                              const tv_held_out *held_out, tv_plan *plan, double *memory) {
  const tv_extent extent = {TV_FORMAT_VERSION,
                            plan->p,
                            source->targets,
                            source->features,
                            plan->ranks,
                            source->class_names != NULL,
                            tv_experiment_has_views(e) ? TV_MOST_EXAMPLES : 0};
  tv_schema *schema = NULL;
  TV_TRY(tv_schema_make(e, &extent, &schema));
  plan->archive_bytes = tv_schema_bytes(schema);
  *memory = count_memory(e, source, held_out, plan, schema);
  tv_schema_destroy(&schema);
  return NULL;
}

/* How the principal components are found. */
static void plan_components(const tv_experiment *e, const tv_source *source, MPI_Comm comm,
                            tv_plan *plan) {
  const tv_partition partition = tv_partition_make(comm, source->rows, e->parallel.shards);
  const tv_principal_solver solver = solver_of(e, source);
  plan->features = source->features;
  plan->principal_solver = solver;
  plan->principal_order = solver == TV_PRINCIPAL_ROWS         ? (int)source->rows
                          : solver == TV_PRINCIPAL_COVARIANCE ? source->features
                          : solver == TV_PRINCIPAL_SUBSPACE
                              ? tv_krylov_room(source->features, plan->components)
                              : 0;
  plan->keeps_rows = solver == TV_PRINCIPAL_SUBSPACE &&
                     tv_subspace_keeps_rows(source, &partition, plan->available_bytes);
}

tv_error *tv_plan_make(const tv_experiment *e, const tv_source *source, const tv_held_out *held_out,
                       MPI_Comm comm, tv_plan *plan) {
  double memory = 0;
  const int components = tv_experiment_components(e, source->features);
  const int p = tv_experiment_row_numbers(e, source->features);
  *plan = (tv_plan){.components = components,
                    .p = p,
                    .d = components + e->noise.components,
                    .width = p + e->noise.components + source->targets + 1};
  MPI_Comm_size(comm, &plan->ranks);
  TV_TRY(tv_layout_choose(e, source, plan->ranks, &plan->layout));
  tv_grid_shape(plan->ranks / plan->layout.groups, &plan->grid_rows, &plan->grid_columns);
  plan->points = tv_experiment_points(e);
  plan->entries = plan->points * e->encoder.sizes_count * e->methods_count;
  plan->moment_parts = is_law(e) ? (int64_t)e->replicates * e->sizes_count : e->parallel.shards;
  plan->normals = count_normals(e, source, held_out, plan);
  plan->moment_flops = count_moment_flops(e, source, held_out, plan);
  plan->solve_flops = tv_study_of(e)->flops(e, plan->d, plan->p, source->targets);
  plan->reduced_bytes = count_reduced_bytes(e, source, held_out, plan, comm);
  plan->available_bytes = tv_memory_available(comm);
  plan_components(e, source, comm, plan);
  TV_TRY(tv_agree(comm, plan_archive(e, source, held_out, plan, &memory)));
  plan->features_bytes = NUMBER * features_memory(e, source, plan);
  plan->resident_bytes = tv_memory_resident();
  MPI_Allreduce(MPI_IN_PLACE, &plan->resident_bytes, 1, MPI_DOUBLE, MPI_MAX, comm);
  plan->memory_bytes = plan->resident_bytes + library_buffers + source->cache_bytes + memory;
  return NULL;
}

void tv_format_bytes(double bytes, char out[64]) {
  const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  int unit = 0;
  double shown = bytes;
  for (; shown >= 1024 && unit < 5; ++unit) shown /= 1024;
  snprintf(out, 64, "%.3g %s (%.0f bytes)", shown, units[unit], bytes);
}

/* What takes most memory, and how to need less. */
static void advise(const tv_plan *plan, double bytes, char *out, size_t room) {
  char of_features[64];
  tv_format_bytes(plan->features_bytes, of_features);
  if (plan->layout.is_distributed)
    snprintf(out, room, "use more nodes");
  else if (plan->features_bytes > bytes / 2)
    snprintf(
        out, room,
        "use fewer features than %d, whose principal components take %s on the way (of images, "
        "fewer pixels), %sfewer ranks on a node, or parallel: {shards: 1}",
        plan->features, of_features,
        plan->principal_solver == TV_PRINCIPAL_SUBSPACE ? "" : "features: {solver: subspace}, ");
  else if (plan->principal_order > 0)
    snprintf(out, room,
             "use fewer principal components than %d of %d features (features: {pca: ...}), fewer "
             "ranks on a node, or fewer sample sizes or replicates at a time",
             plan->p, plan->features);
  else
    snprintf(out, room,
             "use fewer ranks on a node, fewer sample sizes or replicates at a time, or, of views "
             "with exact moments and of a gaussian source, parallel: {layout: distributed}");
}

tv_error *tv_plan_expect_room(const tv_plan *plan) {
  char wanted[64], left[64], advice[512];
  const double more = plan->memory_bytes - plan->resident_bytes;
  if (more <= plan->available_bytes) return NULL;
  tv_format_bytes(more, wanted);
  tv_format_bytes(plan->available_bytes, left);
  advise(plan, more, advice, sizeof advice);
  return tv_fail("each rank would take %s and has %s left; %s (what is left is the least that the "
                 "machine, its "
                 "control group and `ulimit -v` leave)",
                 wanted, left, advice);
}

/* A rank is a core. Rates measured at one moment differ from those of another by a factor: hence a
 * range. */
static void print_time(const tv_plan *plan, const tv_time_range *time) {
  const double hours = plan->ranks / 3600.0;
  printf("%-22s %.2g to %.2g s, from rates measured just now\n", "estimated time", time->least,
         time->most);
  printf("%-22s %.2g to %.2g\n", "core hours", hours * time->least, hours * time->most);
}

static void print_preparation(const tv_preparation *p) {
  if (p && p->library_size > 0)
    printf("%-22s to the median of their sums, %s\n", "rows of counts", TV_EXACT(p->library_size));
  if (p && p->chosen)
    printf("%-22s %d of %d, those that vary most in view of their mean\n", "features", p->features,
           p->inputs);
}

/* How they are found, and what every way costs. */
static void print_components(const tv_experiment *e, const tv_source *source, const tv_plan *plan) {
  const int order = plan->principal_order;
  double seconds[TV_PRINCIPAL_SOLVERS];
  if (plan->principal_solver == TV_PRINCIPAL_BY_COST) return;
  printf("%-22s %d of %d features, from a ", "principal components", plan->components,
         plan->features);
  if (plan->principal_solver == TV_PRINCIPAL_SUBSPACE)
    printf("subspace of at most %d dimensions, in some %d passes over the rows, which are %s\n",
           order, TV_USUAL_PASSES, plan->keeps_rows ? "kept" : "read each time");
  else
    printf("matrix of %d x %d %s\n", order, order,
           plan->principal_solver == TV_PRINCIPAL_ROWS ? "rows" : "features");
  if (source->kind->is_generated) return;
  tv_principal_costs(e, source, seconds);
  printf("%-22s", "their cost");
  for (int solver = TV_PRINCIPAL_COVARIANCE; solver < TV_PRINCIPAL_SOLVERS; ++solver)
    printf("%s %s %.2g s", solver == TV_PRINCIPAL_COVARIANCE ? "" : ",", tv_principal_name(solver),
           seconds[solver]);
  printf(", on a core as usual\n");
}

void tv_plan_print(const tv_experiment *e, const tv_source *source, const tv_plan *plan,
                   const tv_time_range *time) {
  char *resolved = NULL, bytes[64];
  tv_error *error = tv_experiment_print(e, &resolved);
  if (!error) tv_put_lines("", resolved, stdout);
  putchar('\n');
  tv_error_free(error);
  free(resolved);
  if (!source->kind->is_generated)
    printf("%-22s %" PRId64 " samples of %d features, %d targets%s\n", "data", source->rows,
           source->features, source->targets,
           e->source.role == TV_AS_POPULATION ? ", as a population" : "");
  else
    printf("%-22s generated, %d features, %d targets\n", "data", source->features, source->targets);
  print_preparation(source->preparation);
  print_components(e, source, plan);
  printf("%-22s %" PRId64 " (%" PRId64 " ", "points", plan->points, plan->entries);
  tv_study_of(e)->describe(e, stdout);
  printf(") of d = %d inputs, k = ", plan->d);
  for (int i = 0; i < e->encoder.sizes_count; ++i)
    printf("%s%d", i ? ", " : "", e->encoder.sizes[i]);
  putchar('\n');
  printf("%-22s %d in %d group%s of %d x %d; %d shards\n", "ranks", plan->ranks,
         plan->layout.groups, plan->layout.groups == 1 ? "" : "s", plan->grid_rows,
         plan->grid_columns, e->parallel.shards);
  printf("%-22s %s\n", "moments",
         plan->layout.is_distributed ? "distributed, blocks over all ranks"
         : is_law(e)                 ? "replicated, whole on every rank; drawn by the law sampler"
                                     : "replicated, whole on every rank");
  if (!plan->layout.is_distributed && plan->ranks > plan->moment_parts)
    printf("%-22s %d of %d ranks: there are fewer %s\n", "idle for moments",
           plan->ranks - (int)plan->moment_parts, plan->ranks,
           is_law(e) ? "sample sizes" : "shards");
  if (plan->layout.groups > plan->points)
    printf("%-22s %d of %d groups: there are fewer points\n", "idle for solutions",
           plan->layout.groups - (int)plan->points, plan->layout.groups);
  tv_format_bytes(plan->memory_bytes, bytes);
  printf("%-22s at most %s\n", "memory per rank", bytes);
  tv_format_bytes(plan->available_bytes + plan->resident_bytes, bytes);
  printf("%-22s %s\n", "memory available", bytes);
  tv_format_bytes(plan->reduced_bytes, bytes);
  printf("%-22s at most %s\n", "reduced per rank", bytes);
  printf("%-22s %.4g for moments, %.4g for solutions\n", "flops", plan->moment_flops,
         plan->solve_flops);
  printf("%-22s %.4g\n", "random normals", plan->normals);
  if (time) print_time(plan, time);
  tv_format_bytes(plan->archive_bytes, bytes);
  printf("%-22s %s\n", "archive, uncompressed", bytes);
}

#include "ledger.h"

#include <stdlib.h>
#include <string.h>

/* Parts of what a checkpoint holds. Never renumber. Scores and statuses are of clean inputs;
 * numbers, encoders and decoders have the names of quantities and methods. */
enum { IS_SOLVED, SCORES, DIGESTS, STATUSES, NUMBERS, ENCODERS, DECODERS, LISTS, MAPS };

/* An array with an item for each solution of a share. */
typedef struct {
  tv_saved_key key;
  void *data;
  size_t item; /* bytes */
} share;

static tv_saved_key key_of(tv_saved_kind kind, int part, const char *name, int64_t first,
                           int64_t end) {
  tv_saved_key key = {kind, part, first, end, ""};
  strncpy(key.name, name, TV_SAVED_NAME - 1);
  return key;
}

static share numbers_of(tv_saved_key key, double *all, int64_t each) {
  return (share){key, all + key.first * each, (size_t)each * sizeof *all};
}

/* The encoders of kept points only, of which this group's lie in memory from the first on. */
static share encoders_of(const tv_ledger *l, const tv_results *r, int part, const tv_kind *method,
                         const tv_kept *kept) {
  const int64_t first = tv_cube_among(&r->cube, r->kept_levels, l->first_point);
  const int64_t end = tv_cube_among(&r->cube, r->kept_levels, l->point_end);
  return (share){key_of(TV_SAVED_POINTS, part, method->name, first, end),
                 part == ENCODERS ? kept->encoder : kept->decoder,
                 (size_t)kept->rows * (size_t)r->d * sizeof(double)};
}

static int most_shares(const tv_results *r) {
  return 6 + r->quantities + TV_MOST_LISTS + 2 * r->cube.methods;
}

/* Of clean inputs. */
static int list_clean_shares(const tv_ledger *l, tv_results *r, share *out) {
  const int64_t first = l->first_clean, end = l->clean_end, each = tv_cube_entries(&r->cube, 1);
  int count = 0;
  out[count++] = (share){{TV_SAVED_CLEAN, IS_SOLVED, first, end, ""}, l->has_clean, 1};
  out[count++] =
      (share){{TV_SAVED_CLEAN, DIGESTS, first, end, ""}, r->digest + first, sizeof *r->digest};
  if (!r->clean) return count;
  out[count++] = numbers_of(key_of(TV_SAVED_CLEAN, SCORES, "", first, end), r->clean, each);
  out[count++] =
      numbers_of(key_of(TV_SAVED_CLEAN, STATUSES, "", first, end), r->clean_status, each);
  return count;
}

/* All that the leader of a group has of its share. */
static int list_shares(const tv_ledger *l, const tv_study *study, const tv_experiment *e,
                       tv_results *r, share *out) {
  int count = list_clean_shares(l, r, out);
  out[count++] =
      (share){{TV_SAVED_POINTS, IS_SOLVED, l->first_point, l->point_end, ""}, l->has_point, 1};
  for (int i = 0; i < r->quantities; ++i)
    out[count++] = numbers_of(key_of(TV_SAVED_POINTS, NUMBERS, study->quantities[i].label.name,
                                     l->first_point, l->point_end),
                              r->quantity[i], tv_cube_entries(&r->cube, 1));
  for (int i = 0; i < study->lists_count; ++i)
    out[count++] = numbers_of(
        key_of(TV_SAVED_POINTS, LISTS, study->lists[i].label.name, l->first_point, l->point_end),
        r->list[i], tv_cube_entries(&r->cube, r->list_length[i]));
  if (r->maps)
    out[count++] = (share){{TV_SAVED_POINTS, MAPS, l->first_point, l->point_end, ""},
                           r->maps,
                           (size_t)tv_cube_entries(&r->cube, r->map_numbers) * sizeof(double)};
  for (int m = 0; m < r->cube.methods; ++m) {
    out[count++] = encoders_of(l, r, ENCODERS, e->methods[m], &r->kept[m]);
    if (r->kept[m].decoder) out[count++] = encoders_of(l, r, DECODERS, e->methods[m], &r->kept[m]);
  }
  return count;
}

/* Empty shares of several groups would all be called the same. */
static tv_error *take_up_and_hold(tv_checkpoint *c, const share *s) {
  if (s->key.first == s->key.end) return NULL;
  TV_TRY(tv_checkpoint_read_items(c, s->key, s->data, s->item));
  return tv_checkpoint_hold(c, s->key, s->data, (size_t)(s->key.end - s->key.first) * s->item);
}

/* Members of a group follow its leader, and must know as it does which solutions are skipped. */
static tv_error *take_up_marks(const tv_checkpoint *c, const tv_ledger *l) {
  TV_TRY(tv_checkpoint_read_items(
      c, (tv_saved_key){TV_SAVED_CLEAN, IS_SOLVED, l->first_clean, l->clean_end, ""}, l->has_clean,
      1));
  return tv_checkpoint_read_items(
      c, (tv_saved_key){TV_SAVED_POINTS, IS_SOLVED, l->first_point, l->point_end, ""}, l->has_point,
      1);
}

static tv_error *take_up_shares(tv_checkpoint *checkpoint, const tv_ledger *l,
                                const tv_study *study, const tv_experiment *e, tv_results *r) {
  share *shares = NULL;
  TV_TRY(tv_allocate(most_shares(r), sizeof *shares, &shares));
  const int count = list_shares(l, study, e, r, shares);
  tv_error *error = NULL;
  for (int i = 0; !error && i < count; ++i) error = take_up_and_hold(checkpoint, &shares[i]);
  free(shares);
  return error;
}

tv_error *tv_ledger_open(tv_checkpoint *checkpoint, const tv_group *g, const tv_study *study,
                         const tv_experiment *e, tv_results *r, tv_ledger *out) {
  const int64_t items = (int64_t)r->cube.replicates * r->cube.levels;
  tv_checkpoint_take_over(checkpoint, TV_SAVED_CLEAN);
  tv_checkpoint_take_over(checkpoint, TV_SAVED_POINTS);
  tv_checkpoint_take_over(checkpoint, TV_SAVED_SEARCH);
  *out = (tv_ledger){.first_clean = tv_group_first(g, items, g->index),
                     .clean_end = tv_group_first(g, items, g->index + 1),
                     .first_point = tv_group_first(g, r->points, g->index),
                     .point_end = tv_group_first(g, r->points, g->index + 1)};
  TV_TRY(tv_allocate(out->clean_end - out->first_clean, 1, &out->has_clean));
  TV_TRY(tv_allocate(out->point_end - out->first_point, 1, &out->has_point));
  if (!g->is_leader) return take_up_marks(checkpoint, out);
  tv_checkpoint_claim(checkpoint, TV_SAVED_SEARCH, out->first_point, out->point_end);
  return take_up_shares(checkpoint, out, study, e, r);
}

void tv_ledger_close(tv_checkpoint *checkpoint, tv_ledger *ledger) {
  tv_checkpoint_release_kind(checkpoint, TV_SAVED_CLEAN);
  tv_checkpoint_release_kind(checkpoint, TV_SAVED_POINTS);
  free(ledger->has_clean);
  free(ledger->has_point);
}

int tv_ledger_has_level(const tv_ledger *l, const tv_results *r, int replicate, int level) {
  if (!l->has_clean[(int64_t)replicate * r->cube.levels + level - l->first_clean]) return 0;
  for (int magnitude = 0; magnitude < r->cube.magnitudes; ++magnitude)
    for (int alpha = 0; alpha < r->cube.alphas; ++alpha)
      if (!l->has_point[tv_cube_index(&r->cube, replicate, magnitude, alpha, level) -
                        l->first_point])
        return 0;
  return 1;
}

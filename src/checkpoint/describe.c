#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "twoview/base/escape.h"
#include "twoview/checkpoint/file.h"

/* A checkpoint that is open. */
typedef struct {
  const char *path;
  int file;
  tv_saved_entry *entries;
  int64_t count;
  long shards; /* into which its samples are cut; 0: not recorded */
} opened;

/* Arrays whose items are marked, one byte each: what is done of how much. */
static const struct {
  tv_saved_kind kind;
  const char *items;
} marked[] = {{TV_SAVED_DRAWN, "increments of moments drawn"},
              {TV_SAVED_CLEAN, "solutions on clean inputs"},
              {TV_SAVED_POINTS, "points solved"}};

/* Sums over shards: a branch of them that is finished has one array. */
static const struct {
  tv_saved_kind kind;
  const char *of;
} summed[] = {{TV_SAVED_RAW, "features of the data"},
              {TV_SAVED_GIVEN, "moments without noise"},
              {TV_SAVED_SUMS, "moments"},
              {TV_SAVED_HELD_OUT_SUMS, "moments of the rows held out"},
              {TV_SAVED_VIEW_SUMS, "moments of sampled views"}};

/* What a complete one holds. */
static const struct {
  tv_saved_kind kind;
  const char *what;
} complete[] = {{TV_SAVED_FEATURES, "principal components"},
                {TV_SAVED_GIVEN_ALL, "moments without noise"},
                {TV_SAVED_MOMENTS, "moments"},
                {TV_SAVED_HELD_OUT, "moments of the rows held out"},
                {TV_SAVED_VIEWS, "moments of sampled views"}};

static int is_of(const tv_saved_entry *entry, tv_saved_kind kind) {
  return entry->key.kind == (int32_t)kind && entry->key.part == 0;
}

static int has(const opened *c, tv_saved_kind kind) {
  for (int64_t i = 0; i < c->count; ++i)
    if (is_of(&c->entries[i], kind)) return 1;
  return 0;
}

static tv_error *count_marks(const opened *c, const tv_saved_entry *entry, int64_t *done) {
  char *marks = NULL;
  TV_TRY(tv_allocate(entry->bytes, 1, &marks));
  tv_error *error =
      tv_checkpoint_file_read(c->path, c->file, entry, 0, marks, (size_t)entry->bytes);
  for (int64_t i = 0; !error && i < entry->bytes; ++i) *done += marks[i] != 0;
  free(marks);
  return error;
}

static tv_error *tell_marked(const opened *c, tv_saved_kind kind, const char *items, FILE *out) {
  int64_t done = 0, all = 0;
  for (int64_t i = 0; i < c->count; ++i) {
    if (!is_of(&c->entries[i], kind)) continue;
    TV_TRY(count_marks(c, &c->entries[i], &done));
    all += c->entries[i].bytes;
  }
  if (all > 0) fprintf(out, "  %lld of %lld %s\n", (long long)done, (long long)all, items);
  return NULL;
}

static void tell_summed(const opened *c, tv_saved_kind kind, const char *of, FILE *out) {
  double finished = 0;
  int64_t begun = 0;
  for (int64_t i = 0; i < c->count; ++i) {
    const tv_saved_key *key = &c->entries[i].key;
    if (key->kind != (int32_t)kind) continue;
    if (key->part == 0) finished += (double)(key->end - key->first);
    if (key->part == 1) ++begun;
  }
  if (finished + (double)begun > 0)
    fprintf(out, "  %s: %.0f of %ld shards summed, %lld begun\n", of, finished, c->shards,
            (long long)begun);
}

/* Distributed: the sums have come to a place among the samples. */
static tv_error *tell_place(const opened *c, FILE *out) {
  struct {
    int64_t replicate, n;
  } place;
  for (int64_t i = 0; i < c->count; ++i) {
    const tv_saved_entry *entry = &c->entries[i];
    if (!is_of(entry, TV_SAVED_WIDE) || entry->bytes != (int64_t)sizeof place) continue;
    TV_TRY(tv_checkpoint_file_read(c->path, c->file, entry, 0, &place, sizeof place));
    if (place.replicate >= 0)
      fprintf(out, "  %lld samples of replicate %lld summed\n", (long long)place.n,
              (long long)place.replicate);
  }
  return NULL;
}

/* The first number that is kept of the search for principal components. */
static tv_error *tell_passes(const opened *c, FILE *out) {
  int64_t passes;
  for (int64_t i = 0; i < c->count; ++i) {
    const tv_saved_entry *entry = &c->entries[i];
    if (!is_of(entry, TV_SAVED_SUBSPACE) || entry->bytes < (int64_t)sizeof passes) continue;
    TV_TRY(tv_checkpoint_file_read(c->path, c->file, entry, 0, &passes, sizeof passes));
    fprintf(out, "  principal components: %lld passes over the rows\n", (long long)passes);
  }
  return NULL;
}

static tv_error *tell_progress(const opened *c, FILE *out) {
  fprintf(out, "done so far\n");
  TV_TRY(tell_passes(c, out));
  for (size_t i = 0; i < sizeof summed / sizeof *summed; ++i)
    tell_summed(c, summed[i].kind, summed[i].of, out);
  for (size_t i = 0; i < sizeof complete / sizeof *complete; ++i)
    if (has(c, complete[i].kind)) fprintf(out, "  %s: complete\n", complete[i].what);
  TV_TRY(tell_place(c, out));
  for (size_t i = 0; i < sizeof marked / sizeof *marked; ++i)
    TV_TRY(tell_marked(c, marked[i].kind, marked[i].items, out));
  return NULL;
}

static tv_error *tell_identity(opened *c, const tv_saved_entry *entry, FILE *out) {
  char *text = NULL;
  TV_TRY(tv_allocate(entry->bytes + 1, 1, &text));
  tv_error *error = tv_checkpoint_file_read(c->path, c->file, entry, 0, text, (size_t)entry->bytes);
  if (!error) {
    const char *shards = strstr(text, "\nparallel: {shards: ");
    if (shards) c->shards = strtol(shards + strlen("\nparallel: {shards: "), NULL, 10);
    tv_put_lines("  ", text, out);
  }
  free(text);
  return error;
}

static tv_error *describe(opened *c, FILE *out) {
  int64_t bytes = 0;
  for (int64_t i = 0; i < c->count; ++i) bytes += c->entries[i].bytes;
  tv_print_line(out, "%s: checkpoint of an interrupted run, %lld arrays of %lld bytes; of the run",
                c->path, (long long)c->count, (long long)bytes);
  for (int64_t i = 0; i < c->count; ++i) {
    TV_TRY(tv_checkpoint_file_verify(c->path, c->file, &c->entries[i]));
    if (is_of(&c->entries[i], TV_SAVED_IDENTITY)) TV_TRY(tell_identity(c, &c->entries[i], out));
  }
  TV_TRY(tell_progress(c, out));
  fprintf(out, "all arrays have the digests they were written with\n");
  return NULL;
}

tv_error *tv_checkpoint_file_describe(const char *path, FILE *out) {
  opened c = {.path = path};
  TV_TRY(tv_checkpoint_file_open(path, &c.file, &c.entries, &c.count));
  tv_error *error = describe(&c, out);
  free(c.entries);
  close(c.file);
  return error;
}

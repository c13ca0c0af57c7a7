#include "twoview/archive/merge.h"

#include <stdlib.h>
#include <string.h>

#include "join.h"
#include "open.h"
#include "twoview/archive/seal.h"
#include "twoview/base/escape.h"
#include "twoview/base/output.h"
#include "twoview/base/text.h"
#include "twoview/hdf5/array_copy.h"

/* ---- What the files say about themselves ---- */

static tv_error *read_notes(hid_t file, tv_merge_input *input) {
  for (tv_note_id note = 0; note < TV_NOTES; ++note)
    if (tv_note_is_common(note))
      TV_TRY(tv_attribute_print(file, tv_note_name(note), &input->notes[note]));
  return NULL;
}

static tv_error *read_input(const char *path, tv_merge_input *input) {
  tv_opened opened;
  input->path = path;
  tv_error *error = tv_archive_open(path, &opened);
  if (!error) error = read_notes(opened.file, input);
  if (!error) {
    memcpy(input->seal, opened.seal, sizeof input->seal);
    input->format = opened.format;
    input->experiment = opened.experiment;
    opened.experiment = NULL;
  }
  tv_archive_shut(&opened);
  return error;
}

static int by_first_replicate(const void *a, const void *b) {
  const tv_merge_input *left = a, *right = b;
  return left->experiment->first_replicate - right->experiment->first_replicate;
}

/* ---- What does not fit together ---- */

static tv_error *print_but_replicates(const tv_experiment *e, char **text) {
  tv_experiment plain = *e;
  plain.first_replicate = 0;
  plain.replicates = 1;
  return tv_experiment_print(&plain, text);
}

/* The first line in which two resolved experiments differ. */
static tv_error *tell_difference(const tv_merge_input *a, const char *x, const tv_merge_input *b,
                                 const char *y) {
  if (!tv_text_first_difference(&x, &y)) return NULL;
  return tv_fail("%s and %s are not of one experiment: '%.*s' in the one is '%.*s' in the other",
                 a->path, b->path, (int)strcspn(x, "\n"), x, (int)strcspn(y, "\n"), y);
}

static tv_error *expect_same_experiment(const tv_merge_input *a, const tv_merge_input *b) {
  char *x = NULL, *y = NULL;
  tv_error *error = print_but_replicates(a->experiment, &x);
  if (!error) error = print_but_replicates(b->experiment, &y);
  if (!error) error = tell_difference(a, x, b, y);
  free(x);
  free(y);
  return error;
}

static tv_error *expect_same_notes(const tv_merge_input *a, const tv_merge_input *b) {
  for (tv_note_id note = 0; note < TV_NOTES; ++note) {
    const char *x = a->notes[note] ? a->notes[note] : "missing";
    const char *y = b->notes[note] ? b->notes[note] : "missing";
    if (strcmp(x, y) != 0)
      return tv_fail("%s and %s do not fit together: attribute '%s' is '%s' in the one and '%s' in "
                     "the other",
                     a->path, b->path, tv_note_name(note), x, y);
  }
  return NULL;
}

static tv_error *expect_neighbours(const tv_merge_input *a, const tv_merge_input *b) {
  const int end = a->experiment->first_replicate + a->experiment->replicates;
  const int next = b->experiment->first_replicate;
  if (next == end) return NULL;
  if (next < end) return tv_fail("replicate %d is in both %s and %s", next, a->path, b->path);
  if (next == end + 1)
    return tv_fail("replicate %d is missing: it comes after %s and before %s", end, a->path,
                   b->path);
  return tv_fail("replicates %d to %d are missing: they come after %s and before %s", end, next - 1,
                 a->path, b->path);
}

static tv_error *expect_fit(const tv_merge_input *inputs, int count) {
  for (int i = 1; i < count; ++i) {
    TV_TRY(expect_same_experiment(inputs, &inputs[i]));
    TV_TRY(expect_same_notes(inputs, &inputs[i]));
  }
  for (int i = 1; i < count; ++i) TV_TRY(expect_neighbours(&inputs[i - 1], &inputs[i]));
  return NULL;
}

/* ---- Together ---- */

static int last_replicate(const tv_merge_input *input) {
  return input->experiment->first_replicate + input->experiment->replicates - 1;
}

static tv_error *write_part(const tv_output *part, const tv_merge_input *inputs, int count,
                            const char *command) {
  tv_experiment joined = *inputs->experiment;
  joined.replicates = last_replicate(&inputs[count - 1]) - joined.first_replicate + 1;
  TV_TRY(tv_merge_write(part, inputs, count, &joined, command));
  return tv_seal_write(part->part, part->file);
}

static tv_error *merge(const tv_merge_options *o, tv_output *output, tv_merge_input *inputs,
                       int count, FILE *out) {
  for (int i = 0; i < count; ++i) TV_TRY(read_input(o->files[i], &inputs[i]));
  qsort(inputs, (size_t)count, sizeof *inputs, by_first_replicate);
  TV_TRY(expect_fit(inputs, count));
  TV_TRY(write_part(output, inputs, count, o->command));
  TV_TRY(tv_output_finish(output));
  tv_print_line(out, "%s: replicates %d to %d, of %d archive%s", o->output,
                inputs->experiment->first_replicate, last_replicate(&inputs[count - 1]), count,
                count == 1 ? "" : "s");
  return NULL;
}

static tv_error *begin(const tv_merge_options *o, tv_output *output) {
  char *path = NULL;
  TV_TRY(tv_output_locate(o->output, &path));
  tv_error *error = tv_output_begin(path, o->files, o->replaces, output);
  free(path);
  return error;
}

tv_error *tv_merge(const tv_merge_options *o, FILE *out) {
  tv_merge_input *inputs = NULL;
  tv_output output;
  int count = 0;
  while (o->files[count]) ++count;
  TV_TRY(begin(o, &output));
  tv_error *error = tv_allocate(count, sizeof(*inputs), &inputs);
  if (!error) error = merge(o, &output, inputs, count, out);
  tv_output_abandon(&output);
  if (!inputs) return error;
  for (int i = 0; i < count; ++i) {
    tv_experiment_destroy(&inputs[i].experiment);
    for (int j = 0; j < TV_NOTES; ++j) free(inputs[i].notes[j]);
  }
  free(inputs);
  return error;
}

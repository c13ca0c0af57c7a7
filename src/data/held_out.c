#include "twoview/data/held_out.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "twoview/base/comm.h"
#include "twoview/data/preparation.h"
#include "twoview/experiment/check.h"

/* ---- A share ---- */

/* Generated rows are as many as wanted: those held out come beyond the largest sample. */
static tv_error *take_share(const tv_experiment *e, const tv_source *training, tv_held_out *out) {
  const double share = e->test.fraction;
  const int64_t largest = e->sizes[e->sizes_count - 1];
  const double rows =
      training->kind->is_generated ? (double)largest / (1 - share) : (double)training->rows;
  out->size = (int64_t)llround(share * rows);
  TV_REQUIRE(e, "test.fraction", out->size > 0, "holds out none of %.0f rows; raise it", rows);
  TV_REQUIRE(e, "test.fraction", training->kind->is_generated || out->size < training->rows,
             "holds out all of %.0f rows; lower it", rows);
  TV_REQUIRE(e, "samples", training->kind->is_generated || largest <= training->rows - out->size,
             "n = %lld is larger than the %lld of %lld samples that are not held out; take at most "
             "that, or lower 'test.fraction'",
             (long long)largest, (long long)(training->rows - out->size),
             (long long)training->rows);
  return NULL;
}

/* ---- Other files ---- */

/* What there is to learn, in words. */
static const char *answers_of(const tv_source *s) {
  static const char none[] = "neither labels nor targets", targets[] = "targets",
                    integers[] = "labels that are integers", names[] = "labels that are strings";
  if (s->targets == 0) return none;
  return !s->has_classes ? targets : s->class_names ? names : integers;
}

/* The first name of a class of the test rows that no training row has; both are sorted. */
static const char *unknown_name(const tv_source *training, const tv_source *test) {
  int at = 0;
  for (int i = 0; i < test->targets; ++i) {
    while (at < training->targets && strcmp(training->class_names[at], test->class_names[i]) < 0)
      ++at;
    if (at == training->targets || strcmp(training->class_names[at], test->class_names[i]) != 0)
      return test->class_names[i];
  }
  return NULL;
}

/* The same of classes that are numbers; negative: there is none. */
static int unknown_label(const tv_source *training, const tv_source *test) {
  for (int label = 0; label < test->targets; ++label)
    if (test->class_is_seen[label] &&
        (label >= training->targets || !training->class_is_seen[label]))
      return label;
  return -1;
}

/* Numbers that two files arrange in different ways are not the same features. */
static tv_error *expect_shape(const tv_experiment *e, const tv_source *training,
                              const tv_source *test) {
  const tv_shape *a = &training->shape, *b = &test->shape;
  const int is_known = e->source.shape_count == 0 && a->axes > 1 && b->axes > 1;
  TV_REQUIRE(e, "test",
             !is_known || (a->axes == b->axes && a->rows == b->rows && a->columns == b->columns &&
                           a->channels == b->channels),
             "has samples of %d x %d x %d (rows, columns, channels), where those of 'source' are "
             "%d x %d x %d",
             b->rows, b->columns, b->channels, a->rows, a->columns, a->channels);
  return NULL;
}

static tv_error *expect_alike(const tv_experiment *e, const tv_source *training,
                              const tv_source *test) {
  TV_REQUIRE(e, "test", test->features == training->features,
             "has samples of %d features, where those of 'source' have %d", test->features,
             training->features);
  TV_REQUIRE(e, "test", answers_of(test) == answers_of(training),
             "has %s, where 'source' has %s; give the same of both", answers_of(test),
             answers_of(training));
  TV_REQUIRE(e, "test", training->has_classes || test->targets == training->targets,
             "has %d targets, where 'source' has %d", test->targets, training->targets);
  const char *unknown = training->class_names ? unknown_name(training, test) : NULL;
  TV_REQUIRE(
      e, "test", !unknown,
      "has the label '%s', and no row of 'source' has it: what no training sample has cannot "
      "be learned",
      unknown);
  const int label = training->class_is_seen ? unknown_label(training, test) : -1;
  TV_REQUIRE(e, "test", label < 0,
             "has the label %d, and no row of 'source' has it: what no training sample has cannot "
             "be learned",
             label);
  return expect_shape(e, training, test);
}

/* Whether both are made of datasets of the same names, in files of one name or content. Rank 0
 * knows the files. */
static int is_same(const tv_experiment *e, const tv_source *training, const tv_source *test) {
  const tv_source_file *a = &training->files[0], *b = &test->files[0];
  for (const tv_key *key = e->source.kind->keys; key && key->name; ++key) {
    if (key->is_common || key->type != TV_KEY_TEXT) continue;
    const char *of_a = *(char *const *)((char *)e->source.settings + key->offset);
    const char *of_b = *(char *const *)((char *)e->test.source.settings + key->offset);
    if (!of_a != !of_b || (of_a && strcmp(of_a, of_b) != 0)) return 0;
  }
  return a->path && b->path &&
         (strcmp(a->path, b->path) == 0 || (*a->digest && strcmp(a->digest, b->digest) == 0));
}

static tv_error *expect_others(const tv_experiment *e, const tv_source *training,
                               const tv_source *test) {
  TV_REQUIRE(e, "test", e->test.may_overlap || !is_same(e, training, test),
             "holds the rows of 'source' themselves: scores on them say nothing about others; name "
             "other rows, or say 'may_overlap: true'");
  return NULL;
}

static tv_error *open_files(const tv_experiment *e, tv_source *training, MPI_Comm comm,
                            tv_held_out *out) {
  TV_TRY(tv_source_open_beside(e, &e->test.source, comm, &out->source));
  TV_TRY(tv_preparation_adopt(e, training->preparation, comm, out->source));
  out->size = out->source->rows;
  tv_error *error = expect_alike(e, training, out->source);
  if (!error) error = expect_others(e, training, out->source);
  if (!error && training->class_names) error = out->source->renumber(out->source, training);
  if (!error) error = tv_source_hand_over_files(out->source, training);
  TV_TRY(tv_agree(comm, error));
  out->source->targets = training->targets; /* of classes that no test row has, too */
  return NULL;
}

/* ---- Together ---- */

tv_error *tv_held_out_open(const tv_experiment *e, tv_source *training, MPI_Comm comm,
                           tv_held_out *out) {
  *out = (tv_held_out){0};
  TV_REQUIRE(e, "test",
             !e->test.source.settings || e->test.fraction > 0 || !training->kind->is_generated,
             "rows of 'source: {type: %s}' are held out as a share; write for example\n    test: "
             "{fraction: 0.2}",
             training->kind->kind.name);
  if (e->test.fraction > 0) return take_share(e, training, out);
  return e->test.source.settings ? open_files(e, training, comm, out) : NULL;
}

void tv_held_out_release(tv_held_out *held_out) {
  tv_source_close(&held_out->source);
}

tv_sampling tv_held_out_sampling(const tv_held_out *h, const tv_sampling *training) {
  const tv_partition *p = &training->partition;
  const int is_generated = training->source->kind->is_generated;
  const int64_t largest = training->sizes[training->sizes_count - 1];
  tv_sampling s = *training;
  s.is_held_out = 1;
  s.sizes_count = 1;
  s.sizes = &h->size;
  if (h->source) {
    s.source = h->source;
    s.outside = p->rows;
    s.replicates = s.corruption || s.q > 0 ? s.replicates : 1;
    s.partition = tv_partition_make(p->comm, h->size, p->shards);
  } else if (is_generated) {
    s.first_place = largest;
    s.partition = tv_partition_make(p->comm, largest + h->size, p->shards);
  } else {
    s.first_place = p->rows - h->size;
  }
  return s;
}

#include "pictures.h"

#include <stdlib.h>

#include "attributes.h"
#include "table.h"
#include "twoview/hdf5/array_copy.h"
#include "verification.h"

/* Another shape than that of the features is the archive's fault, and there is none. */
static tv_error *read_shape(const tv_opened *o, tv_shape *out) {
  enum { AXES = 3 };
  int64_t numbers[AXES], size = 1;
  int is_there;
  *out = (tv_shape){0};
  TV_TRY(tv_attribute_integers(o->file, tv_note_name(TV_NOTE_SHAPE), AXES, numbers, &is_there));
  if (!is_there) return NULL;
  for (int i = 0; i < AXES; ++i)
    size = numbers[i] > 0 && numbers[i] <= o->schema->extent.features ? size * numbers[i] : 0;
  if (size != o->schema->extent.features)
    return tv_fail("attribute '%s' is not the shape of %d features", tv_note_name(TV_NOTE_SHAPE),
                   o->schema->extent.features);
  *out = (tv_shape){.axes = numbers[1] > 1 ? 3 : 2,
                    .rows = (int)numbers[0],
                    .columns = (int)numbers[1],
                    .channels = (int)numbers[2]};
  return NULL;
}

/* Of the points that it is archived at: the first replicate and strength, the last severity and
 * sample size. */
static int64_t strongest(const tv_archive *a, const tv_variable *v) {
  const int64_t levels = v->shape[v->outer - 1], severities = a->cube.magnitudes;
  return (severities - 1) * a->cube.alphas * levels + levels - 1;
}

static tv_error *read_map(const tv_opened *o, const tv_variable *v, int is_decoder, tv_archive *a) {
  tv_archive_map *map = &a->map[a->maps++];
  *map = (tv_archive_map){v->item, is_decoder, (int)v->shape[v->outer], NULL};
  TV_TRY(tv_allocate(map->rows * v->shape[v->rank - 1], sizeof(*map->values), &map->values));
  return tv_verify_read_item(o->file, v, strongest(a, v), map->values);
}

/* Of features that are rotated, decoders are no pictures. */
static tv_error *read_maps(const tv_opened *o, tv_bulk_writer *write, int is_decoder,
                           tv_archive *a) {
  const tv_schema *s = o->schema;
  for (const tv_variable *v = s->variables; v < s->variables + s->count; ++v)
    if (v->row->write == write && v->shape[v->rank - 1] == tv_shape_size(&a->shape))
      TV_TRY(read_map(o, v, is_decoder, a));
  return NULL;
}

/* Nor are decoders of nonlinear features, however many there are. */
tv_error *tv_pictures_read(const tv_opened *o, tv_archive *a) {
  TV_TRY(read_shape(o, &a->shape));
  if (a->shape.axes < 3 || !tv_experiment_has_views(o->experiment) ||
      tv_experiment_has_fourier(o->experiment))
    return NULL;
  TV_TRY(tv_allocate(o->schema->count, sizeof(*a->map), &a->map));
  TV_TRY(read_maps(o, tv_bulk_write_transform, 0, a));
  return read_maps(o, tv_bulk_write_decoder, 1, a);
}

void tv_pictures_free(tv_archive *a) {
  for (int i = 0; i < a->maps; ++i) free(a->map[i].values);
  free(a->map);
}

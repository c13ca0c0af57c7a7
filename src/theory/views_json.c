/* The same as JSON for programs. */

#include <math.h>
#include <stdlib.h>

#include "json.h"
#include "twoview/theory/views.h"

static json_t *method_at(const tv_view_theory *t, const tv_view_setting *s, int m) {
  const int encoders = t->experiment->encoder.sizes_count;
  const tv_component_theory *theory = t->methods[m]->theory;
  json_t *object = json_object();
  tv_json_put(&object, "", theory ? theory->value_name : "variance", "",
              tv_json_numbers(&s->values[m * t->components], t->components));
  tv_json_put(&object, "", "gap", "", tv_json_numbers(&s->gap[m * encoders], encoders));
  return object;
}

static json_t *methods_at(const tv_view_theory *t, const tv_view_setting *s) {
  json_t *object = json_object();
  for (int m = 0; m < t->methods_count; ++m) {
    char key[TV_KIND_KEY];
    tv_kind_key(&t->methods[m]->kind, key);
    tv_json_put(&object, "", key, "", method_at(t, s, m));
  }
  return object;
}

static json_t *angles_at(const tv_view_theory *t, const tv_view_setting *s) {
  const int encoders = t->experiment->encoder.sizes_count;
  json_t *array = json_array();
  for (int a = 0; a < t->methods_count; ++a)
    for (int b = a + 1; array && b < t->methods_count; ++b)
      tv_json_append(
          &array,
          json_pack("{s:[s, s], s:o}", "between", t->methods[a]->kind.name,
                    t->methods[b]->kind.name, "radians",
                    tv_json_numbers(&s->angle[(a * t->methods_count + b) * encoders], encoders)));
  return array;
}

static json_t *setting(const tv_view_theory *t, int i) {
  const tv_view_setting *s = &t->settings[i];
  const int is_singular = s->floor > 0;
  return json_pack("{s:i, s:i, s:b, s:o, s:o, s:b, s:b, s:b, s:b, s:i, s:o, s:o}", TV_SEVERITY,
                   i / t->strengths, TV_STRENGTH, i % t->strengths + 1, "singular", is_singular,
                   "floor", tv_json_number(is_singular ? s->floor : NAN), "mean_scale",
                   tv_json_number(is_singular ? NAN : s->relations.scale), "adds_independently",
                   s->relations.is_diagonal, "adds_white_noise", s->relations.is_white,
                   "adds_like_data", s->relations.is_like_data, "adds_by_variances",
                   s->relations.is_by_variances, "same_as_strength", s->same_as + 1, "methods",
                   methods_at(t, s), "angles", angles_at(t, s));
}

static json_t *settings(const tv_view_theory *t) {
  json_t *array = json_array();
  for (int i = 0; array && i < t->severities * t->strengths; ++i)
    tv_json_append(&array, setting(t, i));
  return array;
}

static json_t *notes(const tv_view_theory *t) {
  json_t *array = json_array();
  for (int i = 0; array && i < t->notes.count; ++i)
    tv_json_append(&array, json_string(t->notes.lines[i]));
  return array;
}

static json_t *sizes(const tv_encoder_spec *encoder) {
  json_t *array = json_array();
  for (int i = 0; array && i < encoder->sizes_count; ++i)
    tv_json_append(&array, json_integer(encoder->sizes[i]));
  return array;
}

tv_error *tv_view_theory_print_json(const tv_view_theory *t, FILE *out) {
  const tv_experiment *e = t->experiment;
  char *resolved = NULL;
  TV_TRY(tv_experiment_print(e, &resolved));
  json_t *root = json_pack(
      "{s:s, s:s, s:o, s:i, s:I, s:i, s:i, s:o, s:o}", "name", e->name, "experiment", resolved, "k",
      sizes(&e->encoder), TV_REPLICATE, e->first_replicate, TV_SAMPLE_SIZE, (json_int_t)t->n,
      "inputs", t->inputs, "components", t->components, "settings", settings(t), "notes", notes(t));
  free(resolved);
  return tv_json_print(root, out);
}

#include "twoview/archive/verify.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "twoview/archive/archive.h"
#include "twoview/archive/seal.h"
#include "twoview/base/escape.h"
#include "twoview/base/file.h"
#include "twoview/base/guard.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"
#include "twoview/hdf5/file.h"
#include "twoview/studies/tally.h"
#include "verification.h"

void tv_verify_problem(tv_verification *v, const char *format, ...) {
  char *problem = NULL;
  va_list args;
  va_start(args, format);
  if (vasprintf(&problem, format, args) < 0) problem = NULL;
  va_end(args);
  tv_print_line(v->out, "%s: %s", v->path, problem ? problem : "out of memory");
  free(problem);
  ++v->problems;
}

double *tv_verify_read(tv_verification *v, hid_t file, const char *name, int64_t *count) {
  double *values = NULL;
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  const hid_t space = set >= 0 ? H5Dget_space(set) : H5I_INVALID_HID;
  *count = space >= 0 ? H5Sget_simple_extent_npoints(space) : 0;
  tv_error *error = tv_allocate(*count, sizeof(*values), &values);
  tv_guard_step((double)*count * sizeof(*values));
  if (!error &&
      (space < 0 || H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0))
    error = tv_hdf5_fail("cannot be read");
  if (space >= 0) H5Sclose(space);
  if (set >= 0) H5Dclose(set);
  if (!error) return values;
  tv_verify_problem(v, "dataset '%s' %s", name, error->message);
  tv_error_free(error);
  free(values);
  return NULL;
}

/* ---- Together ---- */

static int64_t count_clean_failures(tv_verification *v, hid_t file, const tv_experiment *e) {
  int64_t count = 0;
  if (e->study == TV_STUDY_THRESHOLD) return 0;
  double *score = tv_verify_read(v, file, tv_quantity_label(TV_SCORE_CLEAN).name, &count);
  const int64_t settings = (int64_t)e->noise.lambda_max_count * e->augmentation.alpha_count;
  const int64_t failures = tv_count_clean_failures(score, e->replicates, settings,
                                                   (int64_t)e->sizes_count * e->methods_count);
  free(score);
  return failures;
}

static void tell_contents(tv_verification *v, hid_t file, const tv_experiment *e, int datasets) {
  tv_tally tally = {.study = e->study, .clean_failed = count_clean_failures(v, file, e)};
  const char *name = tv_quantity_label(tv_status_of(e->study)).name;
  double *status = tv_verify_read(v, file, name, &tally.solutions);
  if (status) tv_tally_count(&tally, status);
  free(status);
  tv_put_plain(v->path, v->out);
  fprintf(v->out, ": whole: %d datasets, replicates %d to %d, ", datasets, e->first_replicate,
          e->first_replicate + e->replicates - 1);
  tv_tally_print(&tally, v->out);
  fputc('\n', v->out);
}

static tv_error *check_against(tv_verification *v, hid_t file, const char *text) {
  tv_experiment *e = NULL;
  tv_error *error = tv_experiment_parse(v->path, text, NULL, &e);
  if (error) {
    tv_verify_problem(v, "attribute 'experiment' is no experiment: %s", error->message);
    tv_error_free(error);
    return NULL;
  }
  const int before = v->problems;
  error = tv_verify_schema(v, file, e);
  if (!error && fflush(v->names) != 0) error = tv_fail("out of memory");
  const int datasets = error ? 0 : tv_verify_objects(v, file);
  if (!error && v->problems == before) tv_verify_values(v, file, e);
  if (!error && !v->problems) tell_contents(v, file, e, datasets);
  tv_experiment_destroy(&e);
  return error;
}

static tv_error *check_file(tv_verification *v, hid_t file) {
  char *text = NULL;
  tv_error *error = tv_archive_expect_format(file);
  if (!error) error = tv_attribute_print(file, "experiment", &text);
  if (error || !text) {
    tv_verify_problem(v, "%s",
                      error ? error->message
                            : "there is no attribute 'experiment': no archive of twoview run");
    tv_error_free(error);
    return NULL;
  }
  error = check_against(v, file, text);
  free(text);
  return error;
}

/* In a process of its own. */
static tv_error *check_content(void *context) {
  tv_verification *v = context;
  size_t size;
  v->names = open_memstream(&v->name_list, &size);
  hid_t file;
  tv_error *error = tv_hdf5_open(v->path, v->file, &file);
  if (error) {
    fprintf(v->out, "%s\n", error->message);
    ++v->problems;
    tv_error_free(error);
    error = NULL;
  } else {
    error = v->names ? check_file(v, file) : tv_fail_errno("%s", v->path);
    H5Fclose(file);
  }
  if (v->names) fclose(v->names);
  free(v->name_list);
  if (error || !v->problems) return error;
  return tv_fail("%s: %d problem%s; %s%s", v->path, v->problems, v->problems == 1 ? "" : "s",
                 v->accepts ? "it is not accepted" : "take it from a copy or run it again",
                 v->accepts || v->is_sealed ? ""
                                            : ", or, if it was changed on purpose and nothing else "
                                              "is wrong, take it with twoview info --accept");
}

static tv_error *verify_open(const char *path, int file, int accepts, FILE *out) {
  char digits[TV_DIGEST_LENGTH];
  tv_verification v = {.path = path,
                       .file = file,
                       .out = out,
                       .accepts = accepts,
                       .is_sealed = tv_seal_exists(path, file)};
  /* A change through HDF5 cuts the seal off: bytes that differ from one that is there are damage.
   */
  tv_error *error = accepts && !v.is_sealed ? NULL : tv_seal_check(path, file, digits);
  if (error) {
    tv_print_line(out, "%s", error->message);
    ++v.problems;
    tv_error_free(error);
  }
  TV_TRY(tv_guard(path, check_content, &v));
  if (!accepts) return NULL;
  TV_TRY(tv_seal_write(path, file));
  return fsync(file) == 0 ? NULL : tv_fail_errno("%s: cannot be flushed to disk", path);
}

tv_error *tv_verify(const char *path, int accepts, FILE *out) {
  int file;
  TV_TRY(accepts ? tv_file_open_to_change(path, &file) : tv_file_open(path, &file));
  tv_error *error = verify_open(path, file, accepts, out);
  close(file);
  return error;
}

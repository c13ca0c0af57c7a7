#include "format.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "twoview/base/escape.h"
#include "twoview/base/text.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/growing.h"

const tv_label tv_label_samples = {"x", "samples", "1"};
const tv_label tv_label_labels = {"labels", "class of a sample", "1"};
const tv_label tv_label_targets = {"targets", "targets of a sample", "1"};
const tv_label tv_label_of_sample = {"sample", "sample", "1"};
const tv_label tv_label_of_feature = {"feature", "feature of the data", "1"};
const tv_label tv_label_of_target = {"target", "target", "1"};

static int is_end(const char *path, size_t length, const char *end) {
  const size_t tail = strlen(end);
  return length > tail && strncasecmp(path + length - tail, end, tail) == 0;
}

int tv_import_ends_with(const char *path, const char *end) {
  return is_end(path, strlen(path), end);
}

int tv_import_ends_with_or_packed(const char *path, const char *end) {
  return tv_import_ends_with(path, end) ||
         (tv_import_ends_with(path, ".gz") && is_end(path, strlen(path) - strlen(".gz"), end));
}

tv_error *tv_import_expect_name(const char *where, const char *name) {
  if (!*name) return tv_fail("%s: a name is empty", where);
  if (strlen(name) > TV_LONGEST_TEXT)
    return tv_fail("%s: a name of %zu bytes; at most %d will do", where, strlen(name),
                   TV_LONGEST_TEXT);
  if (!tv_is_plain(name))
    return tv_fail("%s: '%s' is not plain text in UTF-8; convert the file (iconv), or rename",
                   where, name);
  return NULL;
}

tv_error *tv_import_dimension(hid_t file, const char *base, int64_t length,
                              char name[TV_NAME_LENGTH]) {
  snprintf(name, TV_NAME_LENGTH, "%s", base);
  for (int i = 2;; ++i) {
    const int64_t there = tv_label_length(file, name);
    if (there == length) return NULL;
    if (there < 0) return tv_growing_count(file, (tv_label){name, base, "1"}, length);
    snprintf(name, TV_NAME_LENGTH, "%s_%d", base, i);
  }
}

/* Every object that a file holds. */
#ifndef TWOVIEW_ARCHIVE_WALK_H
#define TWOVIEW_ARCHIVE_WALK_H

#include <hdf5.h>
#include <stdint.h>

/* Where problems are reported; the texts are borrowed for the call. */
typedef struct {
  void *context;
  void (*report)(void *context, const char *problem); /* what cannot be read, and why */
  void (*pass)(void *context, const char *path, const double *values, int64_t count); /* a piece */
  void (*meet)(void *context, const char *path); /* a dataset, without problems or with */
} tv_walk;

/* Read every object: indices, attributes, chunks. */
void tv_walk_objects(const tv_walk *walk, hid_t file);

#endif

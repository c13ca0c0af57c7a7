/* What the report of images shows of an archive beside its numbers. */
#ifndef TWOVIEW_ARCHIVE_PICTURES_H
#define TWOVIEW_ARCHIVE_PICTURES_H

#include "open.h"
#include "twoview/archive/archive.h"

/* The shape of a sample and, of images of the view model, the maps. Not collective. */
tv_error *tv_pictures_read(const tv_opened *opened, tv_archive *archive);
void tv_pictures_free(tv_archive *archive);

#endif

#include <sys/stat.h>

#include "format.h"
#include "tenx.h"

/* In the place of images.c, where the libraries of images are missing. */

static tv_error *write_images(tv_import_state *state) {
  return tv_fail(
      "%s: this build reads no images; install libpng, libjpeg-turbo and zimg, and build "
      "it anew",
      state->options->sources[0]);
}

static int takes(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode) && !tv_tenx_is_folder(path);
}

const tv_import_format tv_import_images = {
    .what = "folders of images, which this build lacks",
    .takes = takes,
    .options = TV_IMPORT_SIZE | TV_IMPORT_GREY,
    .write = write_images,
};

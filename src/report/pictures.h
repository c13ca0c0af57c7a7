/* Pictures in rows and columns, with a gap between them, as gnuplot draws them. */
#ifndef TWOVIEW_REPORT_PICTURES_H
#define TWOVIEW_REPORT_PICTURES_H

#include <stdio.h>

#include "twoview/data/shape.h"

typedef struct {
  const tv_shape *shape; /* borrowed: of a picture */
  int across, down;      /* pictures */
} tv_montage;

/* In cells, gaps included. */
int tv_montage_width(const tv_montage *montage);
int tv_montage_height(const tv_montage *montage);

/* A line of data for each cell, row by row, by a function that gets the number of the picture and
 * of the pixel in it (the channels of a pixel are neighbours), and writes `gap` between pictures.
 */
void tv_montage_write(const tv_montage *montage, const char *gap,
                      void (*put)(const void *of, int picture, int pixel, FILE *out),
                      const void *of, FILE *out);

/* The ranges of the axes of a panel without any, and, for gnuplot's `using`, the place of a cell.
 */
void tv_montage_write_axes(const tv_montage *montage, FILE *out);
void tv_montage_put_place(const tv_montage *montage, FILE *out);

#endif

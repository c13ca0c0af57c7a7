/* How the d numbers of a sample are arranged: rows x columns x channels, the last running fastest;
 * a series has one column; a vector one column and one channel. */
#ifndef TWOVIEW_DATA_SHAPE_H
#define TWOVIEW_DATA_SHAPE_H

typedef struct {
  int axes; /* 1: vector, 2: series (length x channels), 3: image */
  int rows, columns, channels;
} tv_shape;

int tv_shape_size(const tv_shape *shape);

/* A shape of `count` numbers, 1 to 3, in the order in which they run. One is a series of one
 * channel; two are [length, channels] of a series or, of images, [rows, columns]; three are [rows,
 * columns, channels], a series where there is one column. */
tv_shape tv_shape_make(int count, const int *numbers, int is_image);

#endif

#include "twoview/data/shape.h"

int tv_shape_size(const tv_shape *s) {
  return s->rows * s->columns * s->channels;
}

tv_shape tv_shape_make(int count, const int *numbers, int is_image) {
  tv_shape shape = {.rows = numbers[0], .columns = 1, .channels = 1};
  if (count > 2 || (count == 2 && is_image)) shape.columns = numbers[1];
  if (count > 2)
    shape.channels = numbers[2];
  else if (count == 2 && !is_image)
    shape.channels = numbers[1];
  shape.axes = shape.columns > 1 ? 3 : 2;
  return shape;
}

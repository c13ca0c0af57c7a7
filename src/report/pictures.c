#include "pictures.h"

int tv_montage_width(const tv_montage *m) {
  return m->across * (m->shape->columns + 1) - 1;
}

int tv_montage_height(const tv_montage *m) {
  return m->down * (m->shape->rows + 1) - 1;
}

void tv_montage_write(const tv_montage *m, const char *gap,
                      void (*put)(const void *of, int picture, int pixel, FILE *out),
                      const void *of, FILE *out) {
  const int rows = m->shape->rows + 1, columns = m->shape->columns + 1;
  for (int y = 0; y < tv_montage_height(m); ++y)
    for (int x = 0; x < tv_montage_width(m); ++x) {
      const int row = y % rows, column = x % columns;
      if (row == m->shape->rows || column == m->shape->columns)
        fputs(gap, out);
      else
        put(of, y / rows * m->across + x / columns, row * m->shape->columns + column, out);
    }
}

/* Images are drawn from the top down. */
void tv_montage_write_axes(const tv_montage *m, FILE *out) {
  fprintf(out, "unset border\nunset tics\nset xrange [-0.5:%d.5]\nset yrange [%d.5:-0.5]\n",
          tv_montage_width(m) - 1, tv_montage_height(m) - 1);
}

/* Lines are counted from 0 on in every block. */
void tv_montage_put_place(const tv_montage *m, FILE *out) {
  fprintf(out, "(int($0)%%%d):(int($0)/%d)", tv_montage_width(m), tv_montage_width(m));
}

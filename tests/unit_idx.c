#include "twoview/data/idx.h"

#include <stdio.h>
#include <zlib.h>

#include "support/unit.h"

/* Three images of 2 x 4 bytes. */
enum { ITEMS = 3, ITEM_SIZE = 8, HEADER = 16, LENGTH = HEADER + ITEMS * ITEM_SIZE };
static const unsigned char images[LENGTH] = {0,  0,  8,  3,  0,  0,  0,  3,  0,  0,  0,  2,  0,  0,
                                             0,  4,  10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 22, 23,
                                             24, 25, 26, 27, 30, 31, 32, 33, 34, 35, 36, 255};

static void write_bytes(const char *path, const void *bytes, size_t length) {
  FILE *file = fopen(path, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
  ck_assert_int_eq(fclose(file), 0);
}

/* gzip's form of the bytes. Returns its length. */
static size_t gzip_bytes(const unsigned char *bytes, size_t length, unsigned char *out,
                         size_t room) {
  z_stream stream = {.next_in = (unsigned char *)bytes, .avail_in = (unsigned)length};
  ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_out = out;
  stream.avail_out = (unsigned)room;
  ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
  deflateEnd(&stream);
  return room - stream.avail_out;
}

static tv_error *read_all(const char *path, int dimensions, unsigned char *items, int64_t room) {
  tv_idx idx;
  TV_TRY(tv_idx_open(path, dimensions, &idx));
  tv_error *error = NULL;
  if (idx.items * idx.item_size > room) error = tv_fail("%s: larger than the test expects", path);
  if (!error) error = tv_idx_read(&idx, idx.items, items);
  if (!error) error = tv_idx_expect_end(&idx);
  tv_idx_close(&idx);
  return error;
}

static void expect_images(const char *path) {
  unsigned char items[ITEM_SIZE];
  tv_idx idx;
  expect_success(tv_idx_open(path, 2, &idx));
  ck_assert_str_eq(idx.path, path);
  ck_assert_int_eq(idx.dimensions, 3);
  ck_assert_int_eq(idx.items, ITEMS);
  ck_assert_int_eq(idx.item_size, ITEM_SIZE);
  for (int i = 0; i < ITEMS; ++i) {
    expect_success(tv_idx_read(&idx, 1, items));
    ck_assert_mem_eq(items, images + HEADER + i * ITEM_SIZE, ITEM_SIZE);
  }
  expect_success(tv_idx_expect_end(&idx));
  tv_idx_close(&idx);
  ck_assert_ptr_null(idx.path);
}

START_TEST(plain_and_gzipped_files_are_read) {
  unsigned char packed[256];
  write_bytes("plain", images, LENGTH);
  expect_images("plain");
  write_bytes("zipped", packed, gzip_bytes(images, LENGTH, packed, sizeof packed));
  expect_images("zipped");
}
END_TEST

START_TEST(labels_are_read) {
  static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 9};
  unsigned char items[3];
  write_bytes("labels", labels, sizeof labels);
  expect_success(read_all("labels", 1, items, sizeof items));
  ck_assert_mem_eq(items, labels + 8, 3);
}
END_TEST

/* Headers that are refused. */
static const struct {
  unsigned char header[12];
  int dimensions;
  const char *reason;
} refused[] = {
    {{0, 1, 8, 1, 0, 0, 0, 1}, 1, "magic number 00010801"},
    {{'P', 'K', 3, 4}, 1, "magic number 504b0304"},
    {{0, 0, 9, 1, 0, 0, 0, 1}, 1, "not that of an IDX file of bytes"},  /* signed bytes */
    {{0, 0, 13, 2, 0, 0, 0, 1}, 2, "not that of an IDX file of bytes"}, /* floats */
    {{0, 0, 8, 0, 0, 0, 0, 1}, 1, "magic number 00000800"},
    {{0, 0, 8, 9, 0, 0, 0, 1}, 2, "magic number 00000809"}, /* more dimensions than are sane */
    {{0, 0, 8, 1, 0, 0, 0, 1}, 2, "is this the file of labels?"},
    {{0, 0, 8, 3, 0, 0, 0, 1}, 1, "is this the file of images?"},
    {{0, 0, 8, 2, 0, 0, 0, 0}, 2, "dimension 1 of 0"},
    {{0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 0}, 2, "dimension 2 of 0"},
    {{0, 0, 8, 2, 0, 0, 0, 1, 255, 255, 255, 255}, 2, "dimension 2 of 4294967295"},
};

START_TEST(bad_headers_are_refused) {
  unsigned char items[8];
  write_bytes("refused", refused[_i].header, sizeof refused[_i].header);
  expect_error(read_all("refused", refused[_i].dimensions, items, sizeof items), TV_EXIT_FAILED,
               "refused: ", refused[_i].reason);
}
END_TEST

/* Eight dimensions of 2^32 - 1 would overflow any product of them. */
START_TEST(huge_dimensions_do_not_overflow) {
  unsigned char header[4 + 8 * 4] = {0, 0, 8, 8}, items[8];
  memset(header + 4, 255, 8 * 4);
  write_bytes("huge", header, sizeof header);
  expect_error(read_all("huge", 2, items, sizeof items), TV_EXIT_FAILED, "huge: ", "out of range");
  /* As many items are promised as the format can, but none are there. */
  const unsigned char many[] = {0, 0, 8, 2, 255, 255, 255, 255, 0, 0, 0, 1};
  tv_idx idx;
  write_bytes("many", many, sizeof many);
  expect_success(tv_idx_open("many", 2, &idx));
  ck_assert_int_eq(idx.items, 4294967295);
  expect_error(tv_idx_read(&idx, 1, items), TV_EXIT_FAILED, "many: ", "truncated");
  tv_idx_close(&idx);
}
END_TEST

START_TEST(files_cut_short_anywhere_are_truncated) {
  unsigned char items[ITEMS * ITEM_SIZE];
  for (size_t length = 0; length < LENGTH; ++length) {
    write_bytes("short", images, length);
    expect_error(read_all("short", 2, items, sizeof items), TV_EXIT_FAILED, "short: ", "truncated");
  }
}
END_TEST

/* A gzip header that is not whole is read as plain bytes, hence as a wrong magic number; and one
 * that is cut within its last 8 bytes has all its items but no whole check sum. */
START_TEST(gzipped_files_cut_short_anywhere_are_refused) {
  unsigned char packed[256], items[ITEMS * ITEM_SIZE];
  const size_t whole = gzip_bytes(images, LENGTH, packed, sizeof packed);
  for (size_t length = 0; length < whole; ++length) {
    write_bytes("short.gz", packed, length);
    expect_error(read_all("short.gz", 2, items, sizeof items), TV_EXIT_FAILED, "short.gz: ",
                 length < 10          ? ""
                 : length < whole - 8 ? "truncated"
                                      : "fetch the file again");
  }
}
END_TEST

/* More than the buffer holds; what is missing lies behind the last item. */
START_TEST(large_gzipped_files_cut_in_their_check_sum_are_refused) {
  enum { SIZE = 1 << 20, ROOM = 1 << 16 };
  static const unsigned char header[] = {0, 0, 8, 2, 0, 0, 0, 1, 0, 16, 0, 0};
  unsigned char *file = calloc(sizeof header + SIZE, 1), *packed = malloc(ROOM);
  ck_assert(file && packed);
  memcpy(file, header, sizeof header);
  const size_t whole = gzip_bytes(file, sizeof header + SIZE, packed, ROOM);
  write_bytes("large.gz", packed, whole);
  expect_success(read_all("large.gz", 2, file, SIZE));
  for (size_t cut = 1; cut <= 8; ++cut) {
    write_bytes("large.gz", packed, whole - cut);
    expect_error(read_all("large.gz", 2, file, SIZE), TV_EXIT_FAILED, "large.gz: ", "truncated");
  }
  packed[whole - 8] ^= 1;
  write_bytes("large.gz", packed, whole);
  expect_error(read_all("large.gz", 2, file, SIZE), TV_EXIT_FAILED, "large.gz: ", "damaged");
  free(file);
  free(packed);
}
END_TEST

/* Behind the gzip header of 10 bytes, which carries nothing that is checked, no bit may change but
 * those that fill the last byte before the check sum and the length, of 4 bytes each. */
START_TEST(damaged_gzipped_files_are_refused) {
  unsigned char packed[256], items[ITEMS * ITEM_SIZE];
  const size_t whole = gzip_bytes(images, LENGTH, packed, sizeof packed);
  for (size_t bit = 8 * 10; bit < 8 * whole; ++bit) {
    if (bit / 8 == whole - 9) continue;
    packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
    write_bytes("damaged.gz", packed, whole);
    packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
    expect_error(read_all("damaged.gz", 2, items, sizeof items), TV_EXIT_FAILED,
                 "damaged.gz: ", "");
  }
  packed[whole - 6] ^= 1; /* of the check sum */
  write_bytes("damaged.gz", packed, whole);
  expect_error(read_all("damaged.gz", 2, items, sizeof items), TV_EXIT_FAILED,
               "damaged.gz: ", "damaged");
}
END_TEST

START_TEST(files_longer_than_their_header_says_are_refused) {
  unsigned char longer[LENGTH + 1], packed[256], items[ITEMS * ITEM_SIZE];
  memcpy(longer, images, LENGTH);
  longer[LENGTH] = 1;
  write_bytes("longer", longer, sizeof longer);
  expect_error(read_all("longer", 2, items, sizeof items), TV_EXIT_FAILED,
               "longer: ", "longer than its header says");
  write_bytes("longer.gz", packed, gzip_bytes(longer, sizeof longer, packed, sizeof packed));
  expect_error(read_all("longer.gz", 2, items, sizeof items), TV_EXIT_FAILED,
               "longer.gz: ", "longer than its header says");
}
END_TEST

/* Tapes and raw copies fill files to whole blocks. */
START_TEST(zeros_behind_a_gzip_stream_are_passed_over) {
  enum { ROOM = 1 << 19 };
  static unsigned char packed[ROOM];
  unsigned char items[ITEMS * ITEM_SIZE];
  const size_t whole = gzip_bytes(images, LENGTH, packed, 256);
  const size_t paddings[] = {1, 9, 512 - whole, 10240 - whole, ROOM - whole};
  for (size_t i = 0; i < sizeof paddings / sizeof *paddings; ++i) {
    memset(packed + whole, 0, paddings[i]);
    write_bytes("padded.gz", packed, whole + paddings[i]);
    expect_success(read_all("padded.gz", 2, items, sizeof items));
    packed[whole + paddings[i] - 1] = 'x';
    write_bytes("padded.gz", packed, whole + paddings[i]);
    expect_error(read_all("padded.gz", 2, items, sizeof items), TV_EXIT_FAILED,
                 "padded.gz: ", "other bytes follow the end of its gzip stream");
  }
}
END_TEST

/* A gzip file may be several, one after the other; here they meet within the header or an item. */
START_TEST(joined_gzip_files_are_read_as_one) {
  unsigned char packed[512];
  for (size_t cut = 1; cut < LENGTH; ++cut) {
    const size_t first = gzip_bytes(images, cut, packed, sizeof packed);
    const size_t second =
        gzip_bytes(images + cut, LENGTH - cut, packed + first, sizeof packed - first);
    write_bytes("joined.gz", packed, first + second);
    expect_images("joined.gz");
  }
}
END_TEST

START_TEST(what_follows_a_gzip_file_is_refused_unless_it_is_one) {
  unsigned char packed[256], items[ITEMS * ITEM_SIZE];
  const size_t whole = gzip_bytes(images, LENGTH, packed, sizeof packed);
  memcpy(packed + whole, "more than a gzip header is long", 31);
  for (size_t extra = 1; extra < 31; ++extra) {
    write_bytes("followed.gz", packed, whole + extra);
    expect_error(read_all("followed.gz", 2, items, sizeof items), TV_EXIT_FAILED,
                 "followed.gz: ", "fetch the file again");
  }
}
END_TEST

START_TEST(missing_files_are_named) {
  tv_idx idx;
  expect_error(tv_idx_open("nowhere/images", 2, &idx), TV_EXIT_FAILED,
               "nowhere/images: ", "No such file");
  expect_error(tv_idx_open(".", 2, &idx), TV_EXIT_FAILED, ".: ", "");
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("idx");
  tcase_add_test(cases, plain_and_gzipped_files_are_read);
  tcase_add_test(cases, labels_are_read);
  tcase_add_loop_test(cases, bad_headers_are_refused, 0, (int)(sizeof refused / sizeof *refused));
  tcase_add_test(cases, huge_dimensions_do_not_overflow);
  tcase_add_test(cases, files_cut_short_anywhere_are_truncated);
  tcase_add_test(cases, gzipped_files_cut_short_anywhere_are_refused);
  tcase_add_test(cases, large_gzipped_files_cut_in_their_check_sum_are_refused);
  tcase_add_test(cases, damaged_gzipped_files_are_refused);
  tcase_add_test(cases, files_longer_than_their_header_says_are_refused);
  tcase_add_test(cases, zeros_behind_a_gzip_stream_are_passed_over);
  tcase_add_test(cases, joined_gzip_files_are_read_as_one);
  tcase_add_test(cases, what_follows_a_gzip_file_is_refused_unless_it_is_one);
  tcase_add_test(cases, missing_files_are_named);
  return unit_run_in_folder("idx", cases);
}

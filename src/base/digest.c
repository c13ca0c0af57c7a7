#include "twoview/base/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "twoview/base/file.h"

enum { PIECE = 1 << 20 };

void tv_digest_print(const unsigned char digest[TV_DIGEST_BYTES], char out[TV_DIGEST_LENGTH]) {
  for (int i = 0; i < TV_DIGEST_BYTES; ++i) sprintf(out + 2 * i, "%02x", digest[i]);
}

static tv_error *refuse(void) {
  return tv_fail("a SHA-256 digest could not be computed");
}

tv_error *tv_digest_memory(const void *bytes, size_t count, unsigned char digest[TV_DIGEST_BYTES]) {
  return EVP_Digest(bytes, count, digest, NULL, EVP_sha256(), NULL) ? NULL : refuse();
}

/* The context of the library under a name of ours. */
static EVP_MD_CTX *context_of(tv_digest *digest) {
  return (EVP_MD_CTX *)digest;
}

tv_error *tv_digest_begin(tv_digest **out) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  *out = (tv_digest *)context;
  return context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) ? NULL : refuse();
}

tv_error *tv_digest_add(tv_digest *digest, const void *bytes, size_t count) {
  return EVP_DigestUpdate(context_of(digest), bytes, count) ? NULL : refuse();
}

tv_error *tv_digest_end(tv_digest *digest, unsigned char out[TV_DIGEST_BYTES]) {
  return EVP_DigestFinal_ex(context_of(digest), out, NULL) ? NULL : refuse();
}

void tv_digest_free(tv_digest **digest) {
  EVP_MD_CTX_free(context_of(*digest));
  *digest = NULL;
}

static tv_error *digest_pieces(const char *path, int file, int64_t count, tv_digest *digest,
                               void *piece, char out[TV_DIGEST_LENGTH]) {
  unsigned char bytes[TV_DIGEST_BYTES];
  for (int64_t done = 0; done < count;) {
    const int64_t left = count - done;
    const ssize_t got = pread(file, piece, left < PIECE ? (size_t)left : PIECE, (off_t)done);
    if (got < 0) return tv_fail_errno("%s", path);
    if (got == 0) break;
    TV_TRY(tv_digest_add(digest, piece, (size_t)got));
    done += got;
  }
  TV_TRY(tv_digest_end(digest, bytes));
  tv_digest_print(bytes, out);
  return NULL;
}

tv_error *tv_digest_start(const char *path, int file, int64_t count, char out[TV_DIGEST_LENGTH]) {
  tv_digest *digest = NULL;
  void *piece = NULL;
  tv_error *error = tv_digest_begin(&digest);
  if (!error) error = tv_allocate(PIECE, 1, &piece);
  if (!error) error = digest_pieces(path, file, count, digest, piece, out);
  tv_digest_free(&digest);
  free(piece);
  return error;
}

tv_error *tv_digest_file(const char *path, char digest[TV_DIGEST_LENGTH]) {
  int file;
  TV_TRY(tv_file_open(path, &file));
  tv_error *error = tv_digest_start(path, file, INT64_MAX, digest);
  close(file);
  return error;
}

#include "twoview/base/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

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

static tv_error *digest_stream(const char *path, FILE *file, int64_t left, tv_digest *digest,
                               void *piece, char out[TV_DIGEST_LENGTH]) {
  unsigned char bytes[TV_DIGEST_BYTES];
  size_t got;
  for (; (got = fread(piece, 1, left < PIECE ? (size_t)left : PIECE, file)) > 0;
       left -= (int64_t)got)
    TV_TRY(tv_digest_add(digest, piece, got));
  if (ferror(file)) return tv_fail_errno("%s", path);
  TV_TRY(tv_digest_end(digest, bytes));
  tv_digest_print(bytes, out);
  return NULL;
}

tv_error *tv_digest_start(const char *path, int64_t count, char out[TV_DIGEST_LENGTH]) {
  tv_digest *digest = NULL;
  void *piece = NULL;
  FILE *file = fopen(path, "rb");
  if (!file) return tv_fail_errno("%s", path);
  tv_error *error = tv_digest_begin(&digest);
  if (!error) error = tv_allocate(PIECE, 1, &piece);
  if (!error) error = digest_stream(path, file, count, digest, piece, out);
  tv_digest_free(&digest);
  free(piece);
  fclose(file);
  return error;
}

tv_error *tv_digest_file(const char *path, char digest[TV_DIGEST_LENGTH]) {
  return tv_digest_start(path, INT64_MAX, digest);
}

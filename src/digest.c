#include "twoview/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 1 << 20 };

void tv_digest_print(const unsigned char digest[TV_DIGEST_BYTES], char out[TV_DIGEST_LENGTH]) {
  for (int i = 0; i < TV_DIGEST_BYTES; ++i) sprintf(out + 2 * i, "%02x", digest[i]);
}

tv_error *tv_digest_memory(const void *bytes, size_t count, unsigned char digest[TV_DIGEST_BYTES]) {
  return EVP_Digest(bytes, count, digest, NULL, EVP_sha256(), NULL)
             ? NULL
             : tv_fail("a SHA-256 digest could not be computed");
}

static tv_error *digest_stream(const char *path, FILE *file, int64_t left, EVP_MD_CTX *context,
                               void *piece, char digest[TV_DIGEST_LENGTH]) {
  unsigned char bytes[TV_DIGEST_BYTES];
  size_t got;
  int is_good = EVP_DigestInit_ex(context, EVP_sha256(), NULL);
  for (; (got = fread(piece, 1, left < PIECE ? (size_t)left : PIECE, file)) > 0;
       left -= (int64_t)got)
    is_good = is_good && EVP_DigestUpdate(context, piece, got);
  if (ferror(file)) return tv_fail_errno("%s", path);
  if (!is_good || !EVP_DigestFinal_ex(context, bytes, NULL))
    return tv_fail("%s: the SHA-256 digest could not be computed", path);
  tv_digest_print(bytes, digest);
  return NULL;
}

tv_error *tv_digest_start(const char *path, int64_t count, char digest[TV_DIGEST_LENGTH]) {
  FILE *file = fopen(path, "rb");
  if (!file) return tv_fail_errno("%s", path);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  void *piece = malloc(PIECE);
  tv_error *error = context && piece ? digest_stream(path, file, count, context, piece, digest)
                                     : tv_fail("%s: out of memory", path);
  free(piece);
  EVP_MD_CTX_free(context);
  fclose(file);
  return error;
}

tv_error *tv_digest_file(const char *path, char digest[TV_DIGEST_LENGTH]) {
  return tv_digest_start(path, INT64_MAX, digest);
}

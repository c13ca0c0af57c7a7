/* This build of the program, and the BLAS that it is linked with. */
#ifndef TWOVIEW_BASE_BUILD_H
#define TWOVIEW_BASE_BUILD_H

/* One line: name, version, revision. */
const char *tv_version_line(void);

/* How many threads BLAS uses on a rank, in words. */
void tv_describe_blas_threads(char out[64]);

/* One BLAS thread per rank, unless the environment asks for another number. */
void tv_limit_blas_threads(void);

/* The BLAS kernel in use, on which the bits of sums depend; "" where the library does not report
 * it. */
const char *tv_blas_kernel(void);

/* Version and configuration of the BLAS library. */
const char *tv_blas_version(void);

#endif

/* Files that are opened: every one that the program reads is opened here, and every one that it
 * writes is created here. Files close with close(), streams with fclose(). Not collective. */
#ifndef TWOVIEW_BASE_FILE_H
#define TWOVIEW_BASE_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "twoview/base/error.h"

/* Open a regular file to read. Anything else (a folder, a pipe, a device, a socket) is refused at
 * once, without waiting for another program, and so is a name that tv_expect_file_name refuses.
 * Links are followed. */
tv_error *tv_file_open(const char *path, int *file);
tv_error *tv_file_open_stream(const char *path, FILE **stream);

/* The same to read and to write, for a file that is changed in its place. */
tv_error *tv_file_open_to_change(const char *path, int *file);

/* Create a file to read and to write. Whatever has its name already, a link too, is an error. */
tv_error *tv_file_create(const char *path, int *file);

/* Create a file without a name, to read and to write, on the disk of `beside`. It is gone when it
 * is closed. */
tv_error *tv_file_scratch(const char *beside, int *file);

/* Numbers that identify one file of a folder to all ranks, also those of other hosts. */
uint64_t tv_file_identity(int file);

/* Open a file that another rank has created, to read and to write. Errors: it is another file by
 * now, or a link. */
tv_error *tv_file_join(const char *path, uint64_t identity, int *file);

/* Whether a path is a name of this file, and no link to it. */
int tv_file_has_name(int file, const char *path);

/* Bytes at an offset: all of them. */
tv_error *tv_file_read(const char *path, int file, int64_t offset, void *out, size_t bytes);
tv_error *tv_file_write(const char *path, int file, int64_t offset, const void *data, size_t bytes);

/* Whether two open files are one, which nobody has changed between the two looks at it. */
int tv_file_is_same(int file, int other);

/* A name by which this process opens that very file once more, whatever its path leads to by now.
 * It is short, for libraries that build names of their own from it in buffers of fixed size. */
enum { TV_FILE_ALIAS = 32 };
void tv_file_alias(int file, char alias[TV_FILE_ALIAS]);

#endif

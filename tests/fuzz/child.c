#include "child.h"

#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "twoview/base/guard.h"
#include "twoview/hdf5/error.h"

/* This file is not instrumented: the instrumentation needs the next names for itself. */

/* Where the linker puts libFuzzer's counters. */
extern char __start___sancov_cntrs[], __stop___sancov_cntrs[];

/* The counters in memory shared with children, or libFuzzer would not see their way through the
 * code: the whole pages of them, as others hold other variables too. */
static void share_counters(void) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t first = ((uintptr_t)__start___sancov_cntrs + page - 1) / page * page;
  const uintptr_t end = (uintptr_t)__stop___sancov_cntrs / page * page;
  if (end > first && mmap((void *)first, end - first, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
    abort();
}

/* The process that fuzzes; 0 before fuzz_prepare. */
static pid_t parent;

static void end_child(void) {
  if (parent && getpid() != parent) _exit(99);
}

/* Given each report of the address sanitizer. Where HDF5 has called the function of frame 0, the
 * fault is HDF5's, and the sanitizer aborts. */
static void check_report(const char *report) {
  const char *caller = strstr(report, "\n    #1 ");
  const char *library = caller ? strstr(caller, "libhdf5") : NULL;
  const char *end = caller ? strchr(caller + 1, '\n') : NULL;
  if (!library || (end && library > end)) end_child();
}

/* Called by the sanitizer of undefined behaviour, which does not look into HDF5. */
void __ubsan_on_report(void);
void __ubsan_on_report(void) {
  end_child();
}

void fuzz_prepare(void) {
  tv_hdf5_prepare();
  setenv("TWOVIEW_READ_SECONDS", "2", 0); /* its inputs are small */
  parent = getpid();
  share_counters();
  __asan_set_error_report_callback(check_report);
}

static int is_fault(const tv_error *error) {
  return error && strstr(error->message, "ended without a message");
}

typedef struct {
  const char *path;
  void (*read)(const char *path);
} task;

static tv_error *carry_out(void *context) {
  const task *t = context;
  t->read(t->path);
  if (__lsan_do_recoverable_leak_check()) end_child();
  return NULL;
}

void fuzz_in_child(char *path, void (*read)(const char *path)) {
  tv_error *error = tv_guard(path, carry_out, &(task){path, read});
  if (is_fault(error)) abort();
  tv_error_free(error);
}

void fuzz_expect_refusal(tv_error *error) {
  if (is_fault(error)) end_child();
  tv_error_free(error);
}

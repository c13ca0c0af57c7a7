#include "twoview/base/memory.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* glibc's own values once a block of 32 MiB has been freed. */
void tv_memory_keep_freed(void) {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, TV_MAPPED_BYTES);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

double tv_memory_resident(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file) return 0;
  if (fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
  fclose(file);
  return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* The number on the line of a file that starts with `name`; infinite when there is none. */
static double number_in(const char *path, const char *name) {
  char line[256];
  double value = HUGE_VAL;
  FILE *file = fopen(path, "r");
  if (!file) return value;
  while (fgets(line, sizeof line, file))
    if (strncmp(line, name, strlen(name)) == 0 && sscanf(line + strlen(name), "%lf", &value) == 1)
      break;
  fclose(file);
  return value;
}

/* Linux's own mark is of this program; getrusage's may be of the larger one that started it. */
double tv_memory_peak(void) {
  const double kilobytes = number_in("/proc/self/status", "VmHWM:");
  struct rusage usage;
  if (isfinite(kilobytes)) return 1024 * kilobytes;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? 1024.0 * (double)usage.ru_maxrss : 0;
}

/* A version of control groups: where its files are, and what they are called. */
typedef struct {
  const char *mark; /* of its line in /proc/self/cgroup, before the group's path */
  const char *folder, *limit, *used;
} hierarchy;

static const hierarchy hierarchies[] = {
    {"0::", "/sys/fs/cgroup", "memory.max", "anon "},
    {":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "total_rss "}};

/* What one group has left; its page cache can be given back. */
static double left_in(const hierarchy *h, const char *group) {
  char path[640];
  snprintf(path, sizeof path, "%s%s/%s", h->folder, group, h->limit);
  const double limit = number_in(path, "");
  snprintf(path, sizeof path, "%s%s/memory.stat", h->folder, group);
  const double used = number_in(path, h->used);
  return isinf(limit) || isinf(used) ? HUGE_VAL : limit - used;
}

/* The least that a group and those around it have left. */
static double left_around(const hierarchy *h, char *group) {
  double left = left_in(h, group);
  for (char *end; (end = strrchr(group, '/')) != NULL;) {
    *end = '\0';
    left = fmin(left, left_in(h, group));
  }
  return left;
}

static double left_in_groups(void) {
  char line[512];
  double left = HUGE_VAL;
  FILE *file = fopen("/proc/self/cgroup", "r");
  if (!file) return left;
  while (fgets(line, sizeof line, file))
    for (size_t i = 0; i < sizeof hierarchies / sizeof *hierarchies; ++i) {
      char *mark = strstr(line, hierarchies[i].mark);
      if (!mark) continue;
      line[strcspn(line, "\n")] = '\0';
      left = fmin(left, left_around(&hierarchies[i], mark + strlen(hierarchies[i].mark)));
      break;
    }
  fclose(file);
  return left;
}

/* OpenBLAS maps a buffer of 128 MiB when it is first called and touches little of it. Where it does
 * not get the buffer it asks for it for ever. */
static const double mapped_by_blas = 129 << 20;

/* What this process may still take of its address space (ulimit -v). */
static double left_to_process(void) {
  struct rlimit limit;
  long pages = 0;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return HUGE_VAL;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file) {
    if (fscanf(file, "%ld", &pages) != 1) pages = 0;
    fclose(file);
  }
  const double used = (double)pages * (double)sysconf(_SC_PAGESIZE);
  return fmax(0, (double)limit.rlim_cur - used - mapped_by_blas);
}

double tv_memory_available(MPI_Comm comm) {
  MPI_Comm host;
  int ranks;
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  MPI_Comm_size(host, &ranks);
  double left = fmin(1024 * number_in("/proc/meminfo", "MemAvailable:"), left_in_groups());
  MPI_Allreduce(MPI_IN_PLACE, &left, 1, MPI_DOUBLE, MPI_MIN, host);
  left = fmin(left / ranks, left_to_process());
  MPI_Comm_free(&host);
  MPI_Allreduce(MPI_IN_PLACE, &left, 1, MPI_DOUBLE, MPI_MIN, comm);
  return left;
}

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

double tv_memory_peak(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? 1024.0 * (double)usage.ru_maxrss : 0;
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

/* What the control group (version 2) has left; its page cache can be given back. */
static double left_in_group(void) {
  char group[512] = "", path[640];
  FILE *file = fopen("/proc/self/cgroup", "r");
  if (!file) return HUGE_VAL;
  const int is_read = fscanf(file, "0::%511s", group) == 1;
  fclose(file);
  if (!is_read) return HUGE_VAL;
  snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", group);
  const double limit = number_in(path, "");
  snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.stat", group);
  const double used = number_in(path, "anon ");
  return isinf(limit) || isinf(used) ? HUGE_VAL : limit - used;
}

double tv_memory_available(MPI_Comm comm) {
  MPI_Comm host;
  int ranks;
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  MPI_Comm_size(host, &ranks);
  double left = fmin(1024 * number_in("/proc/meminfo", "MemAvailable:"), left_in_group());
  MPI_Allreduce(MPI_IN_PLACE, &left, 1, MPI_DOUBLE, MPI_MIN, host);
  left /= ranks;
  MPI_Comm_free(&host);
  MPI_Allreduce(MPI_IN_PLACE, &left, 1, MPI_DOUBLE, MPI_MIN, comm);
  return left;
}

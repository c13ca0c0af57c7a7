/* The memory that a rank has and uses, in bytes. */
#ifndef TWOVIEW_BASE_MEMORY_H
#define TWOVIEW_BASE_MEMORY_H

#include <mpi.h>

/* Blocks of so many bytes or more are mapped, and go back to the system when they are freed. */
enum { TV_MAPPED_BYTES = 32 << 20 };

/* Let the matrices of one point reuse the memory of the last one's. To the system and back, page by
 * page, takes a tenth of a point's time. */
void tv_memory_keep_freed(void);

double tv_memory_resident(void); /* now */
double tv_memory_peak(void);     /* at the most so far */

/* The memory that a rank may still take: what its host, or a control group (a container, a Slurm
 * job) that it runs in, has left, shared equally by the ranks there, and no more than the limit of
 * its own address space (ulimit -v) leaves. The least of all ranks.                  Collective. */
double tv_memory_available(MPI_Comm comm);

#endif

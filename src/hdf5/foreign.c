#include "foreign.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "twoview/base/file.h"

enum { MAGIC = 8 };

typedef struct {
  const char *magic; /* its first bytes; "": any */
  const char *end;   /* of its name; "": any */
  const char *advice;
} kind;

/* The first that fits. */
static const kind kinds[] = {
    {"\x93NUMPY", "",
     "a NumPy array; convert it: twoview import FILE.npy -o data.h5, or python3 -c \"import h5py, "
     "numpy; "
     "h5py.File('data.h5', 'w')['x'] = numpy.load('FILE.npy')\""},
    {"PK\x03\x04", ".npz",
     "NumPy arrays in a zip file; convert them: twoview import FILE.npz -o data.h5, or python3 -c "
     "\"import h5py, numpy; f = "
     "h5py.File('data.h5', 'w'); [f.create_dataset(k, data=v) for k, v in "
     "numpy.load('FILE.npz').items()]\""},
    {"PK\x03\x04", "",
     "a zip file, as PyTorch writes; convert a tensor: python3 -c \"import h5py, torch; "
     "h5py.File('data.h5', 'w')['x'] = torch.load('FILE.pt').numpy()\""},
    {"PAR1", "",
     "a Parquet table; convert it: python3 -c \"import h5py, pandas; h5py.File('data.h5', "
     "'w')['x'] "
     "= pandas.read_parquet('FILE.parquet').to_numpy()\""},
    {"\x1f\x8b", "",
     "a gzip file; unpack it (gunzip); or set source.type: idx if it is an IDX file, and convert a "
     "table or a matrix: twoview import FILE -o data.h5"},
    {"%%Matrix", "",
     "a matrix of the Matrix Market; convert it: twoview import FILE.mtx -o data.h5"},
    {"", ".csv",
     "a table of text; convert it: twoview import FILE.csv -o data.h5, or python3 -c \"import "
     "h5py, "
     "numpy; h5py.File('data.h5', 'w')['x'] = numpy.loadtxt('FILE.csv', delimiter=',', "
     "skiprows=1)\""},
    {"", ".tsv",
     "a table of text; convert it: twoview import FILE.tsv -o data.h5, or python3 -c \"import "
     "h5py, "
     "numpy; h5py.File('data.h5', 'w')['x'] = numpy.loadtxt('FILE.tsv', skiprows=1)\""}};

static const char a_folder[] =
    "a folder; write what its files hold into one file, a row for each sample: twoview import "
    "FOLDER "
    "-o data.h5 of images by class or of a matrix, or python3 -c \"import "
    "h5py, numpy; h5py.File('data.h5', 'w')['x'] = numpy.stack([...])\"";

static int ends_with(const char *path, const char *end) {
  const size_t length = strlen(path), tail = strlen(end);
  return length >= tail && strcasecmp(path + length - tail, end) == 0;
}

const char *tv_hdf5_foreign(const char *path) {
  char bytes[MAGIC] = "";
  struct stat status;
  int file;
  if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return a_folder;
  tv_error *error = tv_file_open(path, &file);
  tv_error_free(error);
  if (error) return NULL;
  const ssize_t got = pread(file, bytes, MAGIC, 0);
  close(file);
  if (got == MAGIC && memcmp(bytes, "\x89HDF", 4) == 0) return NULL;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i)
    if (strncmp(bytes, kinds[i].magic, strlen(kinds[i].magic)) == 0 &&
        ends_with(path, kinds[i].end))
      return kinds[i].advice;
  return NULL;
}

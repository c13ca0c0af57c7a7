#include "twoview/import/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "twoview/base/comm.h"

enum {
  OPTION_FORCE = 256,
  OPTION_SAMPLES,
  OPTION_LABELS,
  OPTION_TARGETS,
  OPTION_DROP,
  OPTION_DELIMITER,
  OPTION_NO_HEADER,
  OPTION_TRANSPOSE,
  OPTION_SIZE,
  OPTION_GREY
};

static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                        {"force", no_argument, NULL, OPTION_FORCE},
                                        {"samples", required_argument, NULL, OPTION_SAMPLES},
                                        {"labels", required_argument, NULL, OPTION_LABELS},
                                        {"targets", required_argument, NULL, OPTION_TARGETS},
                                        {"drop", required_argument, NULL, OPTION_DROP},
                                        {"delimiter", required_argument, NULL, OPTION_DELIMITER},
                                        {"no-header", no_argument, NULL, OPTION_NO_HEADER},
                                        {"transpose", no_argument, NULL, OPTION_TRANSPOSE},
                                        {"size", required_argument, NULL, OPTION_SIZE},
                                        {"grey", no_argument, NULL, OPTION_GREY},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

/* What the options name, in lists that end with NULL; owned. */
typedef struct {
  const char **targets, **dropped;
  int target_count, dropped_count, wants_help;
} lists;

static tv_error *read_delimiter(const char *typed, char *out) {
  if (strcmp(typed, "tab") == 0 || strcmp(typed, "\\t") == 0)
    *out = '\t';
  else if (strlen(typed) == 1 && *typed != '"' && *typed != '\n' && *typed != '\r')
    *out = *typed;
  else
    return tv_fail_usage("import: --delimiter '%s' is no single character; `tab` is one, too",
                         typed);
  return NULL;
}

/* 32x24: rows and columns. */
static tv_error *read_size(const char *typed, tv_import_options *o) {
  enum { MOST = 1 << 14 };
  int length = 0;
  if (sscanf(typed, "%5dx%5d%n", &o->rows, &o->columns, &length) == 2 && !typed[length] &&
      o->rows > 0 && o->columns > 0 && o->rows <= MOST && o->columns <= MOST)
    return NULL;
  return tv_fail_usage("import: --size '%s' is no size; give rows and columns, as in 32x32", typed);
}

static tv_error *take_option(int option, lists *l, tv_import_options *o) {
  switch (option) {
  case 'o':
    o->output = optarg;
    return NULL;
  case OPTION_FORCE:
    o->replaces = 1;
    return NULL;
  case OPTION_SAMPLES:
    o->given |= TV_IMPORT_SAMPLES;
    o->samples = optarg;
    return NULL;
  case OPTION_LABELS:
    o->given |= TV_IMPORT_LABELS;
    o->labels = optarg;
    return NULL;
  case OPTION_TARGETS:
    o->given |= TV_IMPORT_TARGETS;
    l->targets[l->target_count++] = optarg;
    return NULL;
  case OPTION_DROP:
    o->given |= TV_IMPORT_DROP;
    l->dropped[l->dropped_count++] = optarg;
    return NULL;
  case OPTION_DELIMITER:
    o->given |= TV_IMPORT_DELIMITER;
    return read_delimiter(optarg, &o->delimiter);
  case OPTION_NO_HEADER:
    o->given |= TV_IMPORT_NO_HEADER;
    return NULL;
  case OPTION_TRANSPOSE:
    o->given |= TV_IMPORT_TRANSPOSE;
    return NULL;
  case OPTION_SIZE:
    o->given |= TV_IMPORT_SIZE;
    return read_size(optarg, o);
  default:
    o->given |= TV_IMPORT_GREY;
    return NULL;
  }
}

static tv_error *parse(tv_call *call, lists *l, tv_import_options *o) {
  for (int option; (option = getopt_long(call->count, call->words, "o:h", options, NULL)) != -1;) {
    if (option == '?') return tv_call_refuse_option(call, options);
    l->wants_help = option == 'h';
    if (l->wants_help) return NULL;
    TV_TRY(take_option(option, l, o));
  }
  if (optind == call->count)
    return tv_fail_usage("import: SOURCE is missing; see twoview import --help");
  if (!o->output)
    return tv_fail_usage("import: name the output with -o; see twoview import --help");
  o->sources = (const char *const *)call->words + optind;
  return NULL;
}

/* One rank writes, whatever their number. */
static tv_error *carry_out_with(tv_call *call, lists *l) {
  tv_import_options o = {.command = call->line, .targets = l->targets, .dropped = l->dropped};
  TV_TRY(parse(call, l, &o));
  if (l->wants_help) return tv_call_help(call);
  return tv_agree(MPI_COMM_WORLD, call->rank == 0 ? tv_import(&o, stdout) : NULL);
}

static tv_error *carry_out(tv_call *call) {
  lists l = {0};
  tv_error *error = tv_allocate(call->count, sizeof(*l.targets), &l.targets);
  if (!error) error = tv_allocate(call->count, sizeof(*l.dropped), &l.dropped);
  if (!error) error = carry_out_with(call, &l);
  free(l.targets);
  free(l.dropped);
  return error;
}

static const char help[] =
    "Usage: twoview import SOURCE... -o DATA.h5 [OPTION]...\n"
    "Write what files of other kinds hold into an HDF5 file that `source: {type: hdf5, ...}` "
    "reads\n"
    "and xarray opens, with the names of features and classes. Tables and matrices may be packed\n"
    "with gzip.\n"
    "\n"
    "  -o, --output DATA.h5  the file to write\n"
    "      --force           replace an existing file\n"
    "  -h, --help            this text\n"
    "\n"
    "Tables of text (.csv, .tsv, .txt): a row for each sample, a column for each feature; further\n"
    "files go on with the rows\n"
    "      --labels COLUMN   the column of classes, by its name in the header or its number from "
    "1\n"
    "      --targets COLUMN  a column of targets; may be repeated\n"
    "      --drop COLUMN     leave a column out; may be repeated\n"
    "      --delimiter CHAR  what stands between cells (default: a comma, in .tsv a tab)\n"
    "      --no-header       the first row is a sample; columns are named by their numbers\n"
    "\n"
    "Arrays of NumPy (.npz, .npy): each becomes a dataset of its name, a .npy file of the file's; "
    "an\n"
    "experiment file names those that the options do, or the first that can be meant\n"
    "      --samples NAME    samples: the first dimension counts them\n"
    "      --labels NAME     classes: whole numbers from 0, or texts\n"
    "      --targets NAME    targets: a column for each\n"
    "      --drop NAME       leave an array out; may be repeated\n"
    "\n"
    "Matrices of the Matrix Market (.mtx), or a folder that holds matrix.mtx: samples are rows;\n"
    "columns where barcodes.tsv and features.tsv (or genes.tsv) stand beside it, whose names are\n"
    "taken. Of entries it becomes a sparse matrix.\n"
    "      --labels FILE     classes: a line for each sample\n"
    "      --transpose       samples are columns\n"
    "\n"
    "Folders of PNG and JPEG images, one for each class: grey or RGB, of 8 or 16 bits\n"
    "      --size HxW        resize all to so many rows and columns\n"
    "      --grey            colours become their luminance\n";

const tv_command tv_command_import = {
    .name = "import",
    .synopsis = "SOURCE... -o DATA.h5 [--labels COLUMN] [--no-header] [--force] ...",
    .help = help,
    .is_collective = 1,
    .carry_out = carry_out,
};

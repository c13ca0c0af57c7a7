/* Keys of the experiment file. Each is written down once, as a row of a table: its type and bounds,
 * its standard value, where its value goes, and its meaning. Reading, checking, printing and the
 * documentation's table follow from the rows. A table ends with a row without a name. */
#ifndef TWOVIEW_EXPERIMENT_KEY_H
#define TWOVIEW_EXPERIMENT_KEY_H

#include <stddef.h>

typedef enum {
  TV_KEY_INTEGER = 1,      /* int; one of `words`, if there are any, may stand for it */
  TV_KEY_NATURAL,          /* uint64_t */
  TV_KEY_NUMBER,           /* double; likewise */
  TV_KEY_CHOICE,           /* int or an enumeration: the value of one of `words` */
  TV_KEY_CHOICE_OR_NUMBER, /* of a step alone: one of `words`, or a number */
  TV_KEY_CHOICE_OR_ROWS,   /* of a step alone: one of `words`, or a mapping of `keys` that names a
                            * data set, tv_source_spec */
  TV_KEY_TEXT,             /* char *, owned; NULL: not given */
  TV_KEY_FILE,             /* the same, the name of a file */
  TV_KEY_NUMBERS,          /* double * and unsigned: a list, or {from, to, count, spacing} */
  TV_KEY_SIZES,            /* the same, or {from, to, factor} */
  TV_KEY_INTERVAL,         /* double[2]: [low, high] */
  TV_KEY_MAPPING,          /* a struct, filled by `keys` */
  TV_KEY_KIND,             /* const tv_kind *: one of `kinds`, whose own keys stand beside it */
  TV_KEY_KINDS,            /* const tv_kind ** and unsigned: a list of such */
  TV_KEY_CHAIN, /* tv_chain_spec: a list of mappings, {type: one of `kinds`, its keys ...} */
  TV_KEY_OWN    /* no key: the place of the own keys of the kind that is chosen beside it */
} tv_key_type;

/* How a value may be spelled. The first word of a value is the one that is printed. */
typedef struct {
  const char *text; /* NULL: the end of a table */
  int value;
} tv_word;

/* The two models of irrelevant features, of which an experiment uses one. */
typedef enum { TV_BOTH_MODELS, TV_COMPONENT_MODEL, TV_VIEW_MODEL } tv_model;

typedef struct tv_key tv_key;
struct tv_key {
  const char *name;
  tv_key_type type;
  size_t offset;         /* of the value in the struct that the table fills ... */
  size_t count;          /* ... and of the unsigned number of values, of lists */
  const char *standard;  /* the value where none is given, as in a file; NULL: there is none */
  int is_quiet;          /* it is not printed; of mappings: nothing is unless they are given */
  const char *missing;   /* what to write when there is none; NULL: it may be left out */
  double low, high;      /* what a number may be; both 0: anything */
  int excludes_low;      /* `low` itself is refused, */
  int excludes_high;     /* or `high` */
  int is_whole;          /* of doubles: numbers without a fraction only */
  int is_bare_alone;     /* of lists: one number is printed without brackets */
  int is_coordinate;     /* of lists: the numbers name points, so that each stands once */
  const char *subject;   /* what the bounds apply to, for messages; NULL: the key itself */
  const tv_word *words;  /* of choices */
  const tv_key *keys;    /* of mappings, and of data sets beside the source's */
  size_t kinds;          /* of kinds: where their table is in tv_kinds */
  size_t settings;       /* TV_KEY_KIND: offset of the void * to what the kind's own keys fill */
  const char *same_as;   /* TV_KEY_KIND: no key, but the choice that is made at that path */
  tv_model model;        /* of which it is */
  const char *only_with; /* it has a meaning only where the key `type` beside it is this word */
  int is_essential;      /* `missing` even where the whole mapping is */
  int is_common;         /* of a kind: the value goes to the struct of the keys beside the kind's */
  int is_planned;        /* checked, and then refused: it is not computed yet */
  int begins_line;       /* printed on a new line */
  const char *otherwise; /* for people: what holds where nothing is given and `standard` is NULL */
  const char *help;      /* for people: one phrase */
};

/* Of a data set beside the source's, for the `keys` of a key of that type. */
extern const tv_key tv_rows_keys[];

/* Rows for the member of a struct that has the key's name. */
#define TV_KEY(type_of_struct, member, kind_of_value)                                              \
  .name = #member, .type = kind_of_value, .offset = offsetof(type_of_struct, member)
#define TV_KEY_LIST(type_of_struct, member, kind_of_value)                                         \
  TV_KEY(type_of_struct, member, kind_of_value), .count = offsetof(type_of_struct, member##_count)

/* YAML's words for no and yes. */
#define TV_WORDS_NO_YES(no, yes)                                                                   \
  {"false", no}, {"true", yes}, {"no", no}, {"yes", yes}, {"off", no}, {"on", yes}, {"n", no}, {   \
    "y", yes                                                                                       \
  }

#endif

/* JSON texts, by jansson. Values are new references, and NULL without memory: jansson's functions
 * take over what they are given and answer a NULL with a NULL. */
#ifndef TWOVIEW_THEORY_JSON_H
#define TWOVIEW_THEORY_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "twoview/base/error.h"

/* null where a number is infinite or not defined. */
json_t *tv_json_number(double value);
json_t *tv_json_numbers(const double *values, int count);

/* At the end of an array; and in an object, whose key is put together. A failure leaves NULL in the
 * place of the array or object. */
void tv_json_append(json_t **array, json_t *value);
void tv_json_put(json_t **object, const char *prefix, const char *name, const char *suffix,
                 json_t *value);

/* As a line. Takes the value over. */
tv_error *tv_json_print(json_t *root, FILE *out);

#endif

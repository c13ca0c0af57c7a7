/* A small experiment file, whole and with parts of it replaced. */
#ifndef TWOVIEW_SUPPORT_EXPERIMENTS_H
#define TWOVIEW_SUPPORT_EXPERIMENTS_H

#include "twoview/experiment/experiment.h"

/* Nothing but what is required, of 7 lines. */
extern const char plain[];

/* The plain text with `old` replaced; "" stands for its end. Owned by the caller. */
char *edited(const char *old, const char *replacement);

/* A text that has to be taken, as the file x.yaml. To be destroyed. */
tv_experiment *parse(const char *text, const char *const *overrides);

/* The text, as the file x.yaml, is refused with a message that tells where and why. */
void expect_refusal(const char *text, const char *const *overrides, const char *where,
                    const char *reason);

extern const char *const no_overrides[];

#endif

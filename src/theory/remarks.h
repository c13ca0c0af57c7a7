/* What is degenerate at the settings of a view model, and what cannot matter, in words. */
#ifndef TWOVIEW_THEORY_REMARKS_H
#define TWOVIEW_THEORY_REMARKS_H

#include "twoview/theory/views.h"

/* From its values, gaps, angles and relations to its notes.                     Not collective. */
tv_error *tv_view_theory_remark(tv_view_theory *theory);

#endif

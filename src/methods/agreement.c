#include "twoview/methods/agreement.h"

#include "twoview/methods/values.h"

tv_error *tv_agreement_find(const tv_statistics *s, int k, double *omega, int *status) {
  const tv_method *method = &tv_joint_embedding;
  tv_solution solution = {0};
  tv_error *error = method->solve(s, k, &solution, status);
  if (!error && *status == 0) *omega = tv_solution_value(method, &solution, k - 1);
  tv_solution_destroy(&solution);
  return error;
}

/* Experiments that are refused, and what is said of them. */
#include <stdio.h>

#include "support/experiments.h"
#include "support/unit.h"
#include "twoview/kinds.h"

/* Each replaces a part of the plain text and is refused for a reason that the message gives. A
 * place that begins with a colon is one of the file x.yaml. */
#define COMPONENTS                                                                                 \
  "noise: {components: 3, lambda_max: [1, 10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}"
/* ... and what takes their place. */
#define VIEWS "augmentation: {chain: {type: noise, deviation: 0.1}}\n"
static const struct {
  const char *old, *replacement, *where, *reason;
} refused[] = {
    /* unknown keys */
    {"", "replicate: 2\n", ":8: replicate:", "did you mean 'replicates'?"},
    {"", "parallel: {shard: 2}\n", ":8: parallel.shard:", "did you mean 'shards'?"},
    {"lambda_max", "lamda_max", ":4: noise.lamda_max:", "did you mean 'lambda_max'?"},
    {"  spectrum", "  teacher: {target: 1}\n  spectrum",
     ":3: source.teacher.target:", "did you mean 'targets'?"},
    {"{k: 2}", "{K: 2}", ":7: encoder.K:", "did you mean 'k'?"},
    {"0.5", "0,5", ":5: augmentation.5:", "unknown key"},
    /* wrong types */
    {"", "replicates: two\n", ":8: replicates:", "expects an integer, not 'two'"},
    {"", "replicates: []\n", ":8: replicates:", "expects an integer"},
    {"", "replicates:\n", ":8: replicates:", "expects an integer, not ''"},
    {"", "features: 3\n", ":8: features:", "expects a mapping"},
    {"", "name: [a]\n", ":8: name:", "expects a text"},
    {"", "methods: [superwised]\n", ":8: methods:", "one of supervised, reconstruction, joint"},
    {"", "archive: {samples: maybe}\n", ":8: archive.samples:", "not 'maybe'"},
    {"", "archive: {encoders: first}\n", ":8: archive.encoders:", "none, last, all"},
    {"gaussian", "gausian", ":2: source.type:", "idx, hdf5, npy, gaussian, mixture, not 'gausian'"},
    {"{k: 2}", "2", ":7: encoder:", "expects a mapping"},
    {"[1, 10]", "{a: 1}", ":4: noise.lambda_max.a:", "unknown key; did you mean 'to'?"},
    {"[1, 10]", "{from: a}", ":4: noise.lambda_max.from:", "expects a number, not 'a'"},
    {"[1, 10]", "{from: 1, to: 2, count: 2.5}", ":4: noise.lambda_max.count:", "not '2.5'"},
    {"[1, 10]", "{spacing: log}",
     ":4: noise.lambda_max.spacing:", "one of logarithmic, linear, not 'log'"},
    {"0.5", "0.5, theta: 3", ":5: augmentation.theta:", "expects a mapping"},
    {"theta_max: 0.5", "theta: {signal: [1]}",
     ":5: augmentation.theta.signal:", "must have 2 entries, got 1"},
    {"theta_max: 0.5", "theta: {noise: [1, 2, 3]}", ":5: augmentation.theta.noise:", "entr"},
    {"theta_max: 0.5", "theta: {noise: [1, 2x]}",
     ":5: augmentation.theta.noise:", "list of two numbers, [low, high], not '2x'"},
    {"[1, 10]", "[1, two]", ":4: noise.lambda_max:", "expects a list of numbers, not 'two'"},
    {"[1, 10]", "[[1]]", ":4: noise.lambda_max:", "expects a list of numbers"},
    {"[10, 200]", "many", ":6: samples:", "a list of integers, not 'many'"},
    /* numbers with more behind them, out of the type's range, not finite */
    {"", "seed: 5x\n", ":8: seed:", "not '5x'"},
    {"", "seed: -1\n", ":8: seed:", "an integer that is not negative, not '-1'"},
    {"", "seed: 18446744073709551616\n",
     ":8: seed:", "an integer that is not negative, and '18446744073709551616' is out of"},
    {"", "replicates: 4294967296\n", ":8: replicates:", "and '4294967296' is out of range"},
    {"{k: 2}", "{k: -99999999999999999999}", "encoder.k:", "from 1 to 1048576; entry 1 is -1e+20"},
    {"{k: 2}", "{k: [2, 2.5]}", "encoder.k:", "must be whole numbers from 1 to 1048576; entry 2"},
    {"{k: 2}", "{k: [2, 1]}", ":7: encoder.k:", "sizes must grow: 1 follows 2"},
    {"{k: 2}", "{k: [2, 2]}", ":7: encoder.k:", "sizes must grow: 2 follows 2"},
    {"{k: 2}", "{k: {from: 0, to: 2, factor: 2}}", "encoder.k.from:", "a whole number from 1"},
    {"", "replicates: 1e3\n", ":8: replicates:", "expects an integer, not '1e3'"},
    {"components: 3", "components: 3.5", ":4: noise.components:", "not '3.5'"},
    {"components: 3", "components: 2147483648", ":4: noise.components:", "'2147483648' is out of"},
    {"0.5", "0.5.1", ":5: augmentation.theta_max:", "expects a number, not '0.5.1'"},
    {"[1, 10]", "[1, 1e3x]", ":4: noise.lambda_max:", "a list of numbers, not '1e3x'"},
    {"[1, 10]", "[.nan]", ":4: noise.lambda_max:", "not '.nan'"},
    {"[1, 10]", "[nan]", ":4: noise.lambda_max:", "must be positive and finite, got nan"},
    {"[1, 10]", "1e999", ":4: noise.lambda_max:", "a list of numbers, and '1e999' is out of range"},
    {"0.5", "inf", ":5: augmentation.theta_max:", "finite and not negative, got inf"},
    {"[0, 1]", "[nan]", ":5: augmentation.alpha:", "got nan"},
    {"[4, 1]", "[inf, 1]", ":3: source.spectrum:", "entry 1 is inf"},
    {"[10, 200]", "[nan]", ":6: samples:", "whole numbers"},
    {"[10, 200]", "{from: 1, to: inf, factor: 2}", ":6: samples.to:", "got inf"},
    {"[10, 200]", "{from: 1, to: 9, factor: nan}",
     ":6: samples.factor:", "above 1 and finite, got nan"},
    /* one scalar in YAML, and no number */
    {"[1, 10]", "\"2,5\"",
     ":4: noise.lambda_max:", "not '2,5'; write [2, 5] for two numbers, 2.5 for one"},
    {"{theta_max: 0.5, alpha: [0, 1]}", "\n  theta_max: 0.5\n  alpha: 1,5",
     ":7: augmentation.alpha:", "not '1,5'; write [1, 5] for two numbers, 1.5 for one"},
    {"[10, 200]", "10,500", ":6: samples:", "not '10,500'; write [10, 500] for"},
    {"[10, 200]", "10, 500", ":6: samples:", "not '10, 500'; write [10, 500] for"},
    {"[10, 200]", "'[10, 500]'", ":6: samples:", "a list of integers, not '[10, 500]'"},
    {"[1, 10]", "[\"2,5\", 3]", ":4: noise.lambda_max:", "a list of numbers, not '2,5'"},
    {"{theta_max: 0.5", "{\"theta_max\": \"0,5\"", "augmentation.theta_max:", "'0,5'; write 0.5"},
    {"", "methods: RC, JE\n", ":8: methods:", "one of supervised"},
    /* numbers are decimal, without leading zeros */
    {"", "replicates: 010\n", ":8: replicates:", "an integer, not '010'; numbers are decimal"},
    {"", "first_replicate: 010\n", "first_replicate:", "without leading zeros"},
    {"", "replicates: 0x10\n", ":8: replicates:", "an integer, not '0x10'; numbers are"},
    {"", "seed: 010\n", ":8: seed:", "not '010'"},
    {"", "seed: 0x10\n", ":8: seed:", "not '0x10'"},
    {"", "seed: 0o10\n", ":8: seed:", "not '0o10'"},
    {"", "seed: 1_000\n", ":8: seed:", "not '1_000'"},
    {"{k: 2}", "{k: 02}", ":7: encoder.k:", "not '02'"},
    {"[10, 200]", "[010, 200]", ":6: samples:", "not '010'"},
    {"[1, 10]", "0x10", ":4: noise.lambda_max:", "not '0x10'; numbers are decimal"},
    {"0.5", "00.5", ":5: augmentation.theta_max:", "not '00.5'"},
    {"0.5", "0x1p-1", ":5: augmentation.theta_max:", "not '0x1p-1'"},
    {"[1, 10]", "{from: 01, to: 10, count: 2}", "noise.lambda_max.from:", "not '01'"},
    {"[1, 10]", "{from: 1, to: 10, count: 02}", "noise.lambda_max.count:", "not '02'"},
    /* numbers that no double holds */
    {"[0, 1]", "1e-400", ":5: augmentation.alpha:", "and '1e-400' is out of range"},
    {"[0, 1]", "[1, 1e-330]", ":5: augmentation.alpha:", "and '1e-330' is out of range"},
    {"[0, 1]", "-1e400", ":5: augmentation.alpha:", "and '-1e400' is out of range"},
    {"0.5", "1e-400", ":5: augmentation.theta_max:", "and '1e-400' is out of range"},
    {"[10, 200]", "{from: 1, to: 1e400, factor: 2}", "samples.to:", "'1e400' is out of range"},
    /* keys of another mapping */
    {"", "k: 5\n", ":8: k:", "unknown key; did you mean 'encoder.k'?"},
    {"", "lambda-max: 5\n", ":8: lambda-max:", "did you mean 'noise.lambda_max'?"},
    {"components: 3", "components: 3, alpha: 1", ":4: noise.alpha:", "'augmentation.alpha'?"},
    /* what is required */
    {"type: gaussian", "", "source.type: is missing", "write for example"},
    {"components: 3, ", "", "noise.components: is missing", "write for example"},
    {", lambda_max: [1, 10]", "", "noise.lambda_max: is missing", "write for example"},
    {"theta_max: 0.5, ", "", "augmentation.theta_max: is missing", "write for example"},
    {", alpha: [0, 1]", "", "augmentation.alpha: is missing", "write for example"},
    {"samples: [10, 200]\n", "", "samples: is missing", "write for example"},
    {"{k: 2}", "{}", ":7: encoder.k: is missing", "write for example"},
    /* ranges */
    {"", "replicates: 0\n", ":8: replicates:", "from 1 to 16777215, got 0"},
    {"", "replicates: 16777216\n", ":8: replicates:", "got 16777216"},
    {"", "first_replicate: -1\n", ":8: first_replicate:", "from 0 to 16777215 for 1 "},
    {"", "first_replicate: 16777215\nreplicates: 2\n",
     ":8: first_replicate:", "from 0 to 16777214 for 2 replicates, got 16777215"},
    {"", "features: {pca: 0}\n", ":8: features.pca:", "at least 1, got 0"},
    {"", "parallel: {shards: 0}\n", ":8: parallel.shards:", "from 1 to 1048576, got 0"},
    {"", "parallel: {shards: 1048577}\n", ":8: parallel.shards:", "got 1048577"},
    {"", "parallel: {ranks_per_point: 0}\n", ":8: parallel.ranks_per_point:", "got 0"},
    {"", "archive: {views: true}\n", ":8: archive.views:", "in the view model alone"},
    {"", "features: {solver: rows}\n", ":8: features.solver:", "give their number"},
    {"", "archive: {representation_samples: 0}\n", "archive.representation_samples:", "got 0"},
    {"", "archive: {representation_samples: 201}\n",
     "archive.representation_samples:", "200, got 201"},
    {"", "methods: []\n", ":8: methods:", "from 1 to 10000 entries, got 0"},
    {"", "methods: [supervised, supervised]\n", ":8: methods:", "listed twice"},
    {"components: 3", "components: -1", ":4: noise.components:", "got -1"},
    {"components: 3", "components: 1048577", ":4: noise.components:", "got 1048577"},
    {"[1, 10]", "-1", ":4: noise.lambda_max:", "must be positive and finite, got -1"},
    {"[1, 10]", "[1, 0]", ":4: noise.lambda_max:", "must be positive and finite, got 0"},
    {"[1, 10]", "[]", ":4: noise.lambda_max:", "from 1 to 10000 entries, got 0"},
    {"0.5", "-0.5", ":5: augmentation.theta_max:", "finite and not negative, got -0.5"},
    {"0.5", "0", ":5: augmentation.alpha:", "alpha = 0 with 'theta_max' of"},
    {"theta_max: 0.5", "theta: {signal: [0, 0], noise: [0, 0]}",
     ":5: augmentation.alpha:", "alpha = 0 with 'theta' of"},
    {"theta_max: 0.5", "theta_eigenvalues: [0, 0, 0, 0, 0]",
     ":5: augmentation.alpha:", "alpha = 0 with 'theta_eigenvalues' of"},
    {"[1, 10]", "{from: 1, to: 2}", "noise.lambda_max.count: is missing", "write for example"},
    {"[0, 1]", "-1", ":5: augmentation.alpha:", "finite and not negative, got -1"},
    {"{k: 2}", "{k: 0}", ":7: encoder.k:", "from 1 to 1048576; entry 1 is 0"},
    /* eigenvalues of Gamma and Theta */
    {"[1, 10]", "1, lambda_min_ratio: 1", ":4: noise.lambda_min_ratio:", "below 1, got 1"},
    {"[1, 10]", "1, lambda_min_ratio: -.1", "noise.lambda_min_ratio:", "at least 0 and below"},
    {"[1, 10]", "1, lambda_min_ratio: nan", "noise.lambda_min_ratio:", "got nan"},
    {"[1, 10]", "1, eigenvalues: [1, 2]", ":4: noise.eigenvalues:", "2 of them for 3"},
    {"[1, 10]", "1, eigenvalues: [1, 2, 0]", ":4: noise.eigenvalues:", "entry 3 is 0"},
    {"[1, 10]", "1, eigenvalues: [1, inf, 3]", ":4: noise.eigenvalues:", "entry 2 is inf"},
    {"[1, 10]", "1, eigenvalues: [1, 2, 3], lambda_min_ratio: 0",
     ":4: noise.eigenvalues:", "leave one of them out"},
    {"0.5", "0.5, theta: {signal: [0, 1], noise: [0, 1]}", ":5: augmentation:", "one of"},
    {"0.5", "0.5, theta_eigenvalues: [1, 2, 3, 4, 5]", ":5: augmentation:", "one of"},
    {"theta_max: 0.5", "theta: {signal: [0, 1]}", "augmentation.theta.noise:", "is missing"},
    {"theta_max: 0.5", "theta: {signal: [1, 0], noise: [0, 1]}",
     ":5: augmentation.theta.signal:", "the lower one first; got [1, 0]"},
    {"theta_max: 0.5", "theta: {signal: [0, 1], noise: [-1, 1]}", "theta.noise:", "got [-1, 1]"},
    {"theta_max: 0.5", "theta: {signal: [0, inf], noise: [0, 1]}", "theta.signal:", "[0, inf]"},
    {"theta_max: 0.5", "theta: {signal: [0, 0], noise: [0, 0]}",
     "augmentation.alpha:", "augments nothing"},
    {"theta_max: 0.5", "theta_eigenvalues: [1, -2]", "theta_eigenvalues:", "entry 2 is -2"},
    {"theta_max: 0.5", "theta_eigenvalues: 0", "augmentation.alpha:", "augments nothing"},
    /* ranges of numbers */
    {"[1, 10]", "{to: 2, count: 2}", ":4: noise.lambda_max.from: is missing", "for example"},
    {"[1, 10]", "{from: 1, count: 2}", "noise.lambda_max.to: is missing", "write for example"},
    {"[1, 10]", "{from: 1, to: 2, count: 0}", "noise.lambda_max.count:", "from 2 to 10000, got 0"},
    {"[1, 10]", "{from: 1, to: 2, count: 1}", "noise.lambda_max.count:", "got 1"},
    {"[1, 10]", "{from: 1, to: 2, count: 10001}", "noise.lambda_max.count:", "got 10001"},
    {"[1, 10]", "{from: 1, to: 1, count: 2}", "noise.lambda_max:", "1 is listed twice"},
    {"[1, 10]", "{from: 0, to: 1, count: 2, spacing: linear}", "lambda_max:", "got 0"},
    {"[0, 1]", "{from: 0, to: 1, count: 3}", ":5: augmentation.alpha.from:", "linear"},
    {"[0, 1]", "{from: 1, to: inf, count: 3}", "augmentation.alpha.to:", "got inf"},
    {"[0, 1]", "{from: -1, to: 1, count: 3, spacing: linear}", "augmentation.alpha:", "got -1"},
    {"[4, 1]", "{from: 1, to: 4, count: 3}", ":3: source.spectrum:", "largest first"},
    /* phase diagrams */
    {"[1, 10]}", "[1, 10, 20]}\nstudy: phase", ":4: noise.lambda_max:", "evenly spaced"},
    {"[1, 10]}", "1}\nstudy: phase", ":4: noise.lambda_max:", "from: 0.1, to: 100"},
    {"[0, 1]}", "[0, 1, 3]}\nstudy: phase", ":5: augmentation.alpha:", "evenly spaced"},
    {"noise: {components: 3", "study: phase\nnoise: {components: 0",
     ":5: noise.components:", "without noise has no phases"},
    /* views of data */
    {COMPONENTS,
     "augmentation: {chain: {type: noise, deviation: 0.1}, views: 2}\n"
     "corruption: {chain: {type: noise, deviation: 0.1}, sampler: expected}",
     ":5: corruption.sampler:", "take 'rows', or"},
    {COMPONENTS,
     "augmentation: {chain: {type: noise, deviation: 0.1}, views: 2}\n"
     "parallel: {layout: distributed}",
     ":5: parallel.layout:", "take 'replicated', or"},
    {COMPONENTS,
     "corruption: {chain: {type: noise, deviation: 0.1}, clean: yes, sampler: expected}",
     "augmentation.chain:", "is missing; write for example"},
    {COMPONENTS, "corruption: {clean: yes}", ":4: corruption:", "belongs to the view model"},
    {COMPONENTS, "corruption: {clean: yes}\naugmentation: {chain: {type: noise, deviation: 0.1}}",
     ":4: corruption.chain:", "is missing; write for example"},
    {COMPONENTS, "augmentation: {chain: {type: noise, deviation: 0.1}, views: 1}",
     "augmentation.views:", "must be from 2 to 1000000, got 1"},
    {COMPONENTS, "augmentation: {chain: {type: noise, deviation: 0.1}, views: all}",
     "augmentation.views:", "expects an integer or one of exact, not 'all'"},
    {"", "corruption: {chain: {type: noise, deviation: 0.1}}\n",
     ":4: noise:", "belongs to the component model"},
    {"theta_max: 0.5", "floor: 0.5", "augmentation.floor:", "belongs to the view model"},
    {"  spectrum", "  scale: 0\n  spectrum", "source.scale:", "must be positive and finite, got 0"},
    {"  spectrum", "  scale: 2\n  spectrum",
     ":3: source.scale:", "divides the numbers of a data set"},
    {"  spectrum", "  shape: [2, 0.5]\n  spectrum", "source.shape:", "entry 2 is 0.5"},
    {"  spectrum", "  shape: [1, 1, 1, 2]\n  spectrum", "source.shape:", "3 entries, got 4"},
    {COMPONENTS, VIEWS "test: {fraction: 1}\n", "test.fraction:", "above 0 and below 1, got 1"},
    {"[1, 10]}", "1, sampler: law}\ntest: {fraction: 0.2}", ":5: test:", "no rows to hold out"},
    {COMPONENTS, VIEWS "test: {}\n", ":5: test:", "give either 'fraction'"},
    {"", "test: {type: idx}\n", ":8: test.type:", "unknown key"},
    {"", "test: {images: a}\n", "test.images:", "belongs to 'type: idx', not to 'type: gaussian'"},
    {"", "probe: {intercept: maybe}\n", ":8: probe.intercept:", "not 'maybe'"},
    {COMPONENTS, VIEWS "study: threshold\n", ":5: study:", "belongs to the component model"},
    {COMPONENTS, VIEWS "study: phase\n", ":5: study:", "belongs to the component model"},
    /* sample sizes */
    {"[10, 200]", "[20, 10]", ":6: samples:", "sizes must grow: 10 follows 20"},
    {"[10, 200]", "[10, 10]", ":6: samples:", "sizes must grow: 10 follows 10"},
    {"[10, 200]", "[10000001, 10000000]", ":6: samples:", "must grow: 1e+07 follows 10000001"},
    {"[10, 200]", "[10.0000001]", ":6: samples:", "got 10.0000001"},
    {"[0, 1]", "[0.10000001, 0.10000001]", ":5: augmentation.alpha:", "0.10000001 is listed"},
    {"[10, 200]", "[10.5]", ":6: samples:", "whole numbers from 1 to 1e+12, got 10.5"},
    {"[10, 200]", "0", ":6: samples:", "got 0"},
    {"[10, 200]", "[2e12]", ":6: samples:", "got 2e+12"},
    {"[10, 200]", "{from: 0.5, to: 9, factor: 2}", ":6: samples.from:", "got 0.5"},
    {"[10, 200]", "{from: 9, to: 1, factor: 2}", ":6: samples.to:", "from 9 to"},
    {"[10, 200]", "{from: 1, to: 9}", ":6: samples.factor: is missing", "factor: 2}"},
    {"[10, 200]", "{to: 9, factor: 2}", ":6: samples.from: is missing", "from: 100"},
    {"[10, 200]", "{from: 1, factor: 2}", ":6: samples.to: is missing", "to: 51200"},
    {"[10, 200]", "{from: 1, to: 9, factor: 1}",
     ":6: samples.factor:", "above 1 and finite, got 1"},
    {"[10, 200]", "{from: 1, to: 1e12, factor: 1.0001}", "samples.factor:", "more than 10000"},
    {"[10, 200]", "{from: 1, to: 1e12, factor: 1.000000000000001}", "samples.factor:", "more than"},
    {"10]}\naugmentation: {theta_max: 0.5, alpha: [0, 1]}\nsamples: [10, 200]",
     "10], sampler: law}\naugmentation: {theta_max: 0.5, alpha: 1}\nsamples: [2e15]",
     ":6: samples:", "whole numbers from 1 to 1e+15, got 2e+15"},
    /* the law sampler */
    {"components: 3", "sampler: lwa, components: 3",
     ":4: noise.sampler:", "expects one of rows, law, not 'lwa'"},
    /* sources */
    {"[4, 1]", "[1, 4]", ":3: source.spectrum:", "largest first; entry 2 is 4"},
    {"[4, 1]", "[4, 0]", ":3: source.spectrum:", "entry 2 is 0"},
    {"  spectrum: [4, 1]\n", "", "source.spectrum:", "either 'spectrum'"},
    {"[4, 1]", "[4, 1]\n  power_law: {features: 2}", "source.spectrum:", "either 'spectrum'"},
    {"spectrum: [4, 1]", "power_law: {}", "source.power_law.features:", "got 0"},
    {"spectrum: [4, 1]", "power_law: {features: 1048577}", "power_law.features:", "got 1048577"},
    {"spectrum: [4, 1]", "power_law: {features: 2, scale: 0}", "power_law.scale:", "got 0"},
    {"spectrum: [4, 1]", "power_law: {features: 2, exponent: -1}", "power_law.exponent:", "got -1"},
    {"[4, 1]", "4\n  teacher: {targets: 0}", "source.teacher.targets:", "got 0"},
    {"[4, 1]", "4\n  teacher: {noise: -1}", "source.teacher.noise:", "got -1"},
    {"[4, 1]", "4\n  teacher: {type: classes, noise: 1}", "teacher.noise:", "'type: linear'"},
    {"[4, 1]", "[4, 1]\n  images: a", ":4: source.images:", "'type: idx', not to 'type: gauss"},
    {"gaussian", "idx", ":3: source.spectrum:", "'type: gaussian' or 'type: mixture', not to"},
    {"gaussian\n  spectrum: [4, 1]", "idx\n  labels: a", "source.images:", "is missing"},
    {"gaussian\n  spectrum: [4, 1]", "idx\n  images: a\nmethods: [SL, RC]",
     ":4: methods:", "'supervised' learns labels or targets, and the source has none"},
    {"gaussian\n  spectrum: [4, 1]", "idx\n  images: a\n  labels: b\n  file: c",
     ":5: source.file:", "belongs to 'type: hdf5', not to 'type: idx'"},
    {"gaussian\n  spectrum: [4, 1]", "idx\n  images: a\n  labels: b\n  teacher: {}",
     ":5: source.teacher:", "belongs to 'type: gaussian', not to 'type: idx'"},
    {"gaussian\n  spectrum: [4, 1]", "hdf5\n  images: a", "source.images:", "'type: idx'"},
    {"gaussian\n  spectrum: [4, 1]", "hdf5\n  samples: a", "source.file:", "is missing"},
    {"gaussian\n  spectrum: [4, 1]", "hdf5\n  file: a", "source.samples:", "is missing"},
    {"gaussian\n  spectrum: [4, 1]", "hdf5\n  file: a\n  samples: b\nmethods: SL",
     ":5: methods:", "'supervised' learns labels or targets, and the source has none"},
    {"gaussian\n  spectrum: [4, 1]", "hdf5\n  file: a\n  samples: b\n  labels: c\n  targets: d",
     "source.labels:", "either 'labels'"},
    {"[4, 1]", "[4, 1]\n  classes: 2", ":4: source.classes:", "'type: mixture', not to"},
    {"[4, 1]", "[4, 1]\n  separation: 2", ":4: source.separation:", "'type: mixture', not"},
    /* not YAML, or not one mapping of different keys */
    {"0.5", "[0.5", ":5: not YAML:", "did not find"},
    {"", "\tname: x\n", ":8: not YAML:", "cannot start any token"},
    {"", "name: \x01\n", ":8: not YAML:", "control characters"},
    {"", "name: \xff\xfe\n", ":8: not YAML:", "UTF-8"},
    {"", "seed: *nowhere\n", ":8: not YAML:", "undefined alias"},
    {"", "seed: 1\nname: a\nseed: 2\n", ":10: not YAML:", "'seed' is given twice"},
    {"{k: 2}", "{k: 2, k: 3}", ":7: not YAML:", "'k' is given twice"},
    {"", "---\nseed: 1\n", ":9: not YAML:", "a second document"},
    {"[0, 1]", "&a [*a]", ":5: not YAML:", "'a' stands within its own value"},
    {plain, "", ":1: no YAML mapping", ""},
    {plain, "# only a comment\n", ":1: no YAML mapping", ""},
    {plain, "text", ":1: no YAML mapping", ""},
    {plain, "[1, 2]", ":1: no YAML mapping", ""},
    {plain, "a: &a {b: *a}", ":1: not YAML:", "'a' stands within its own value"},
};

/* ... and what takes their place. */
#define VIEWS "augmentation: {chain: {type: noise, deviation: 0.1}}\n"

START_TEST(bad_values_are_refused) {
  char where[128];
  char *text = edited(refused[_i].old, refused[_i].replacement);
  snprintf(where, sizeof where, "%s%s", *refused[_i].where == ':' ? "x.yaml" : "",
           refused[_i].where);
  expect_refusal(text, no_overrides, where, refused[_i].reason);
  free(text);
}
END_TEST

/* Overrides that are refused, by their own name where no other is given. */
#define MIXTURE(rest) "source={type: mixture, " rest "}"
#define THRESHOLD     "study=threshold", "augmentation={theta_max: 0.5}"
static const struct {
  const char *overrides[4], *where, *reason;
} refused_overrides[] = {
    {{"noise"}, NULL, "expects KEY=VALUE"},
    {{"=5"}, NULL, "expects KEY=VALUE"},
    {{"nois.components=5"}, NULL, "nois: unknown key; did you mean 'noise'?"},
    {{"noise.component=5"}, NULL, "did you mean 'components'?"},
    {{"noise.components="}, NULL, "expects an integer, not ''"},
    {{"noise.components=5x"}, NULL, "expects an integer, not '5x'"},
    {{"noise={components: 3}"}, NULL, "noise.lambda_max: is missing"},
    {{"noise.lambda_max=[1, -2]"}, NULL, "must be positive and finite, got -2"},
    {{"encoder.k.x=3"}, NULL, "not a mapping"},
    {{"k=5"}, NULL, "k: unknown key; did you mean 'encoder.k'?"},
    {{"augmentation.alpha=0.1,1"}, NULL, "not '0.1,1'; write [0.1, 1] for two numbers"},
    {{"alpha=0.1,1"}, NULL, "alpha: unknown key; did you mean 'augmentation.alpha'?"},
    {{"samples=10,500"}, NULL, "not '10,500'"},
    {{"replicates=010"}, NULL, "replicates: expects an integer, not '010'"},
    {{"seed=*nowhere"}, NULL, "not YAML: undefined alias"},
    {{"seed={a: 1, a: 2}"}, NULL, "not YAML: the key 'a' is given twice"},
    {{"augmentation.theta={signal: [0, 1], noise: [0, 1]}"}, NULL, "augmentation: give one of"},
    {{"study=threshold"}, NULL, "x.yaml:5: augmentation.alpha: is what 'study: threshold' finds"},
    {{"samples.from=10"}, NULL, "not a mapping"},
    {{"samples=[30, 20]"}, NULL, "sizes must grow"},
    {{"encoder.k=0"}, NULL, "encoder.k: must be whole numbers from 1"},
    {{"parallel.shards=0"}, NULL, "parallel.shards: must be from 1"},
    {{"source.teacher={type: liner}"}, NULL, "one of linear, classes, not 'liner'"},
    {{"seed={"}, NULL, "not YAML"},
    {{"seed=}"}, NULL, "not YAML"},
    {{"a..b=1"}, NULL, "--set a..b=1"},
    /* what cannot be drawn in law, or stand for a population */
    {{"source.as=population"},
     "source.as:",
     "belongs to 'type: idx' or 'type: hdf5' or 'type: npy', not to"},
    {{"source={type: idx, as: population, images: a, labels: b}"},
     "source.as:",
     "only with 'noise: {sampler: law}'"},
    {{"source={type: idx, as: sampel, images: a, labels: b}"},
     "source.as:",
     "expects one of sample, population, not 'sampel'"},
    {{"noise.sampler=law", "source.teacher={type: classes, targets: 3}"},
     "--set noise.sampler=law:",
     "no law in closed form; take 'rows'"},
    {{"noise.sampler=law", "archive.samples=true"}, "archive.samples:", "no samples to archive"},
    {{"noise.sampler=law", "archive.representations=last"},
     "archive.representations:",
     "no samples to represent"},
    {{"noise.sampler=law", "parallel.layout=distributed"},
     "parallel.layout:",
     "whole on every rank; take 'replicated'"},
    /* mixtures */
    {{MIXTURE("classes: 2, separation: 1")}, "source.spectrum:", "either 'spectrum'"},
    {{MIXTURE("separation: 1, spectrum: 1")}, "source.classes:", "is missing"},
    {{MIXTURE("classes: 2, spectrum: 1")}, "source.separation:", "is missing"},
    {{MIXTURE("classes: 1, separation: 1, spectrum: 1")},
     "source.classes:",
     "must be from 2 to 1048576, got 1"},
    {{MIXTURE("classes: 1048577, separation: 1, spectrum: 1")}, "source.classes:", "got 1048577"},
    {{MIXTURE("classes: 2.5, separation: 1, spectrum: 1")},
     "source.classes:",
     "an integer, not '2.5'"},
    {{MIXTURE("classes: 2, separation: -1, spectrum: 1")}, "source.separation:", "got -1"},
    {{MIXTURE("classes: 2, separation: inf, spectrum: 1")}, "source.separation:", "got inf"},
    {{MIXTURE("classes: 2, separation: nan, spectrum: 1")}, "source.separation:", "got nan"},
    {{MIXTURE("classes: 2, separation: 1, spectrum: [1, 2]")}, "source.spectrum:", "entry 2 is 2"},
    {{MIXTURE("classes: 2, separation: 1, spectrum: 1, teacher: {}")},
     "source.teacher:",
     "'type: gaus"},
    {{MIXTURE("classes: 2, separation: 1, spectrum: 1, labels: a")},
     "source.labels:",
     "belongs to 'type: idx' or 'type: hdf5' or 'type: npy', not to 'type: mixture'; leave it out"},
    {{MIXTURE("classes: 2, separation: 1, spectrum: 1, class: 3")}, "source.class:", "'classes'?"},
    /* threshold studies */
    {{"study=threshold"}, "augmentation.alpha:", "is what 'study: threshold' finds"},
    {{"study=thresholds"}, "study:", "one of grid, threshold, phase, not 'thresholds'"},
    {{"threshold.tolerance=1e-3"}, "threshold:", "has no meaning without 'study: threshold'"},
    {{"augmentation={theta_max: 0.5}"}, "augmentation.alpha:", "is missing"},
    {{THRESHOLD, "methods=supervised"}, "methods:", "'supervised' has no"},
    {{THRESHOLD, "methods=[JE, PCA]"},
     "methods:",
     "'pca' has no threshold, its encoder is the same"},
    {{"study=threshold", "augmentation={theta_max: 0}"}, "augmentation:", "begins at alpha = 0"},
    {{THRESHOLD, "archive.encoders=last"}, "archive.encoders:", "no encoders"},
    {{THRESHOLD, "archive.representations=all"},
     "archive.representations:",
     "no encoders to represent"},
    {{THRESHOLD, "threshold.tolerance=0"},
     "threshold.tolerance:",
     "must be from 1e-12 to 0.1, got 0"},
    {{THRESHOLD, "threshold.tolerance=1"}, "threshold.tolerance:", "got 1"},
    {{THRESHOLD, "threshold.tolerance=nan"}, "threshold.tolerance:", "got nan"},
};

START_TEST(bad_overrides_are_refused) {
  char name[64];
  const char *const *overrides = refused_overrides[_i].overrides;
  const char *where = refused_overrides[_i].where;
  snprintf(name, sizeof name, "--set %.*s", (int)strcspn(*overrides, "="), *overrides);
  expect_refusal(plain, overrides, where ? where : name, refused_overrides[_i].reason);
}
END_TEST

/* What the file has with and without them, also within the same mapping. */
static const struct {
  const char *old, *replacement, *overrides[3], *where, *reason;
} innocent[] = {
    {"",
     "features: 3\n",
     {"name=longer", "noise.components=4"},
     "x.yaml:8: features:",
     "expects a mapping"},
    {"0.5",
     "0.5, theta: {signal: [0, 1], noise: [0, 1]}",
     {"augmentation.alpha=4"},
     "x.yaml:5: augmentation:",
     "give one of"},
};

START_TEST(innocent_overrides_are_not_blamed) {
  char *text = edited(innocent[_i].old, innocent[_i].replacement);
  expect_refusal(text, innocent[_i].overrides, innocent[_i].where, innocent[_i].reason);
  free(text);
}
END_TEST

static char *repeated(const char *piece, int times, const char *end) {
  char *text = calloc(strlen(piece) * (size_t)times + strlen(end) + 1, 1), *at = text;
  ck_assert_ptr_nonnull(text);
  for (int i = 0; i < times; ++i) at += sprintf(at, "%s", piece);
  strcpy(at, end);
  return text;
}

static const struct {
  const char *piece;
  int times;
  const char *end;
} deep[] = {{"[", 2000, ""},       {"{a: ", 2000, ""},   {"- ", 2000, "x"},
            {"noise: {", 500, ""}, {"a.", 2000, "b: 1"}, {"x", 100000, ": 1\n"},
            {"? ", 2000, "x"},     {"&a ", 500, "x"},    {"[*a,", 500, ""}};

/* Texts that took seconds to hours when each value was searched for anew. */
static const struct {
  const char *piece;
  int times;
  const char *end, *where, *reason;
} large[] = {
    {"unknown%d: 1\n", 40000, "", "x.yaml:1: unknown0:", "unknown key"},
    {"- &anchor%d 1\n", 20000, "", "x.yaml:1:", "no YAML mapping"},
    {"? &anchor%d a\n: b%d\n", 20000, "", "x.yaml:3: not YAML:", "'a' is given twice"},
    {"{k%d: ", 20000, "", "x.yaml:1: not YAML:", "more than 64 deep"},
};

START_TEST(what_is_long_is_refused_at_once) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  for (int i = 0; i < large[_i].times; ++i) fprintf(out, large[_i].piece, i, i);
  fclose(out);
  expect_refusal(text, no_overrides, large[_i].where, large[_i].reason);
  free(text);
}
END_TEST

START_TEST(lists_are_as_long_as_ranges_at_most) {
  static const char *const keys[] = {"noise.lambda_max",
                                     "noise.eigenvalues",
                                     "augmentation.alpha",
                                     "augmentation.theta_eigenvalues",
                                     "samples",
                                     "source.spectrum"};
  char *one_too_many = repeated("1,", 10000, "1]");
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
    char *override = malloc(strlen(one_too_many) + 64);
    ck_assert_ptr_nonnull(override);
    sprintf(override, "%s=[%s", keys[i], one_too_many);
    const char *const overrides[] = {override, NULL};
    expect_refusal(plain, overrides, "--set", keys[i]);
    free(override);
  }
  char *text = edited("[0, 1]", "[0,"), *many = repeated("1,", 500000, "1]");
  char *longer = malloc(strlen(text) + strlen(many) + 1);
  ck_assert_ptr_nonnull(longer);
  char *at = strstr(text, "[0,") + 3;
  sprintf(longer, "%.*s%s%s", (int)(at - text), text, many, at);
  expect_refusal(longer, no_overrides,
                 "x.yaml:5: augmentation.alpha:", "from 1 to 10000 entries, got 500002");
  free(longer);
  free(text);
  free(many);
  free(one_too_many);
}
END_TEST

START_TEST(deep_or_long_texts_are_refused) {
  char *text = repeated(deep[_i].piece, deep[_i].times, deep[_i].end);
  expect_refusal(text, no_overrides, "x.yaml", "");
  free(text);
}
END_TEST

/* Any text that is cut short or has a byte changed is taken or refused, but not more. */
START_TEST(damaged_texts_do_no_harm) {
  static const char bytes[] = {'\0', '\t', '\n', '"', '{', ':', '&', '*', '-', '\x80', '\xff'};
  const size_t length = strlen(plain);
  for (size_t i = 0; i <= length; ++i) {
    tv_experiment *e;
    char *text = edited("", "");
    text[i] = bytes[i % sizeof bytes];
    text[length] = '\0';
    tv_error *error = tv_experiment_parse("x.yaml", text, no_overrides, &tv_kinds_all, &e);
    ck_assert_int_eq(!error, e != NULL);
    if (error) ck_assert_int_eq(error->exit_code, TV_EXIT_USAGE);
    tv_error_free(error);
    if (e) tv_experiment_destroy(&e);
    free(text);
  }
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

int main(void) {
  TCase *cases = tcase_create("refusals");
  tcase_add_loop_test(cases, bad_values_are_refused, 0, COUNT(refused));
  tcase_add_loop_test(cases, bad_overrides_are_refused, 0, COUNT(refused_overrides));
  tcase_add_loop_test(cases, innocent_overrides_are_not_blamed, 0, COUNT(innocent));
  tcase_add_test(cases, lists_are_as_long_as_ranges_at_most);
  tcase_add_loop_test(cases, what_is_long_is_refused_at_once, 0, COUNT(large));
  tcase_add_loop_test(cases, deep_or_long_texts_are_refused, 0, COUNT(deep));
  tcase_add_test(cases, damaged_texts_do_no_harm);
  return unit_run("refusals", cases);
}

# check.mk: the suite, the benches, the linters, the fuzzers.

# Slow scripts first.
prove_scripts = $(slow_tests) $(filter-out $(slow_tests),$(script_tests))
# Runs the suite with prove. PROVEFLAGS='-j2 -v' and the like; NAMES: run only these files.
PROVEFLAGS =
check-programs: all
	@$(MAKE) $(AM_MAKEFLAGS) $(check_PROGRAMS)
prove: check-programs
	@$(AM_TESTS_ENVIRONMENT) prove --exec $(srcdir)/t/lib/run --merge --failures --comments \
		$(PROVEFLAGS) $(or $(NAMES),$(prove_scripts:%=$(srcdir)/%) $(unit_tests:%=./%))

# Looks for tests that are red by chance: SOAK='--minutes 60 --jobs 8 5 61'.
SOAK =
soak: check-programs
	@$(AM_TESTS_ENVIRONMENT) $(srcdir)/t/tools/soak.py \
		--files '$(prove_scripts) $(unit_tests)' $(SOAK)

# The suite under ASan and UBSan, in a build of its own; also with the long tests.
check-asan:
	$(srcdir)/check --no-install --asan
check-long:
	$(srcdir)/check --no-install --long

# Measures each claim and prints it beside its goal.
bench_programs = bench/empty bench/lap bench/pulse bench/queue-bench bench/row \
	bench/stamp bench/tree-bench
EXTRA_PROGRAMS = $(bench_programs)
CLEANFILES += $(bench_programs) parallel.svg
bench_empty_SOURCES = bench/empty.c
bench_lap_SOURCES = bench/lap.c
bench_pulse_SOURCES = bench/pulse.c
bench_queue_bench_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
bench_queue_bench_SOURCES = bench/queue-bench.c
bench_row_SOURCES = bench/row.c
bench_row_LDADD = $(SQLITE_LIBS)
bench_stamp_SOURCES = bench/stamp.c
bench_tree_bench_SOURCES = bench/tree-bench.c
bench_tree_bench_LDADD = agent/common/libcommon.a lib/libhornero.a $(CRYPTO_LIBS)
bench_queue_bench_LDADD = db/libdb.a state/libstate.a lib/libhornero.a $(SQLITE_LIBS) $(CRYPTO_LIBS)
EXTRA_DIST += \
	bench/checkout-bench \
	bench/cli-bench \
	bench/defer-bench \
	bench/door-bench \
	bench/evaluate/cached.py \
	bench/evaluate/cloud.py \
	bench/evaluate/daemons.py \
	bench/evaluate/differential.py \
	bench/evaluate/enter \
	bench/evaluate/goals.py \
	bench/evaluate/images.py \
	bench/evaluate/load.py \
	bench/evaluate/machine.py \
	bench/evaluate/main.py \
	bench/evaluate/neutron-standin.py \
	bench/evaluate/node.py \
	bench/evaluate/openstack.py \
	bench/evaluate/page.py \
	bench/evaluate/paper.py \
	bench/evaluate/plot.py \
	bench/evaluate/resources.py \
	bench/evaluate/results.py \
	bench/evaluate/run \
	bench/evaluate/services.py \
	bench/evaluate/stacks.py \
	bench/evaluate/tidy \
	bench/figures.sh \
	bench/fleet-bench \
	bench/framework-bench \
	bench/hooks-bench \
	bench/incremental-bench \
	bench/isolation-bench \
	bench/keep-bench \
	bench/kernel2disk-bench \
	bench/lost-bench \
	bench/many-bench \
	bench/parallel-bench \
	bench/publish-bench \
	bench/push-bench \
	bench/rollback-bench \
	bench/serve-bench \
	bench/slice-bench \
	bench/run \
	bench/warm-bench \
	bench/year-bench
bench: all $(bench_programs) t/tools/publish-tool t/tools/seed
	@$(AM_TESTS_ENVIRONMENT) $(srcdir)/bench/run

# Runs the linters; a linter that is not installed is named and skipped. Leaks are left to make
# check-asan: cppcheck does not know the cleanup attribute (own_free and its like), and clang's
# analyser loses the pointer in steal_ptr.
lint_sources = $(srcdir)/agent/*/*.c $(srcdir)/agent/*/*/*.c $(srcdir)/state/*.c $(srcdir)/cli/*.c \
	$(srcdir)/conf/*.c $(srcdir)/db/*.c $(srcdir)/door/*.c $(srcdir)/glance/*.c \
	$(srcdir)/hooks/*.c $(srcdir)/lib/*.c $(srcdir)/notify/*.c $(srcdir)/serve/*.c \
	$(srcdir)/store/*.c
tidy_checks = -*,bugprone-*,clang-analyzer-security.*,clang-analyzer-unix.*,$(tidy_less)
tidy_less = -clang-analyzer-unix.Malloc,-clang-analyzer-security.insecureAPI.*,$(tidy_lesser)
tidy_lesser = -bugprone-easily-swappable-parameters,-bugprone-narrowing-conversions,$(tidy_least)
tidy_least = -bugprone-branch-clone,-bugprone-implicit-widening-of-multiplication-result
lint: $(BUILT_SOURCES)
	@if command -v cppcheck >/dev/null; then \
		cppcheck --quiet --error-exitcode=1 --std=c17 --enable=warning,portability \
			--inline-suppr --suppress=memleak --suppress=resourceLeak \
			--suppress=autoVariables --suppress=internalAstError \
			--suppress=arrayIndexThenCheck -I$(srcdir) -I. $(lint_sources); \
	else echo 'cppcheck is not here (Debian: cppcheck); passed over'; fi
	@if command -v clang-tidy >/dev/null; then \
		clang-tidy --quiet --warnings-as-errors='*' --checks='$(tidy_checks)' \
			$(lint_sources) -- -std=gnu17 $(DEFS) -I. $(AM_CPPFLAGS) \
			$(LIBGIT2_CFLAGS) $(SYSTEMD_CFLAGS) $(JANSSON_CFLAGS) 2>/dev/null; \
	else echo 'clang-tidy is not here (Debian: clang-tidy); passed over'; fi

# Runs libFuzzer for FUZZ_SECONDS on each target t/fuzz/NAME.c, with the corpus t/fuzz/corpus/NAME.
FUZZ_SECONDS = 20
fuzz_targets = $(srcdir)/t/fuzz/*.c
fuzz:
	@if ! command -v clang >/dev/null; then \
		echo 'clang is not here (Debian: clang); nothing fuzzed'; \
		exit 0; \
	fi; \
	for target in $(fuzz_targets); do \
		name=`basename $$target .c`; $(MKDIR_P) fuzz/$$name; \
		corpus=$(srcdir)/t/fuzz/corpus/$$name; \
		echo "fuzz: $$name, $(FUZZ_SECONDS) s"; \
		clang -g -O1 -fsanitize=fuzzer,address,undefined -std=gnu17 \
			$(DEFS) $(AM_CPPFLAGS) -I. $(YAML_CFLAGS) $(SECCOMP_CFLAGS) \
			-o fuzz/$$name.run $$target \
			$(srcdir)/state/*.c $(srcdir)/conf/*.c $(srcdir)/lib/*.c \
			$(srcdir)/agent/sandboxed/check/imghead.c \
			$(srcdir)/agent/sandboxed/checkout/treename.c \
			$(YAML_LIBS) $(CRYPTO_LIBS) $(ZLIB_LIBS) $(JANSSON_LIBS) \
			$(SECCOMP_LIBS) && \
		fuzz/$$name.run -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 \
			fuzz/$$name `test -d $$corpus && echo $$corpus` || exit 1; \
	done
clean-local:
	rm -rf fuzz
.PHONY: prove check-programs check-asan check-long bench lint fuzz

// SPDX-License-Identifier: GPL-2.0
/* Counts the work that the core does: it is compiled to call this at each edge. */
#include "fuzz.h"

u64 fuzz_work;
bool fuzz_log;

void __wrap___sanitizer_cov_trace_pc(void);
int LLVMFuzzerInitialize(int *argc, char ***argv);

void __wrap___sanitizer_cov_trace_pc(void)
{
	fuzz_work++;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_log = getenv("FUZZ_LOG");
	return 0;
}

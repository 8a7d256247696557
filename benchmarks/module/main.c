// SPDX-License-Identifier: GPL-2.0
/* The benchmarks' part in the host's kernel. See bench.h. */
#include <linux/module.h>

#include "bench.h"
#include "kvm_private.h"

static int __init bench_init(void)
{
	int ret;

	ret = kvm_private_init();
	if (ret)
		return ret;
	ret = floor_init();
	if (ret)
		return ret;
	ret = watch_init();
	if (ret)
		floor_exit();
	return ret;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	watch_exit();
	floor_exit();
}
module_exit(bench_exit);

MODULE_DESCRIPTION("What the benchmarks of kvm_hpet need in the host's kernel");
MODULE_AUTHOR("The kvm_hpet authors");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/*
 * Makes one call of a kernel function fail, for the process that asks for it.
 *
 *   echo "FUNCTION VALUE CALL" >/sys/module/hpet_fault/parameters/fail
 *
 * The CALL-th call (1: the next) of FUNCTION by a thread of the writer's process
 * returns VALUE without doing anything, once; "none" takes it back. The parameter
 * "failed" tells how many calls have failed since FUNCTION was named.
 *
 * The kernel's own fail_function can do so only with functions that are marked for
 * it, and is in no kernel of Debian's.
 */
#include <linux/kprobes.h>
#include <linux/linkage.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/objtool.h>
#include <linux/sched.h>

static DEFINE_MUTEX(mutex);
static char function[64];
static long value;
static pid_t process;
static atomic_t calls_left;
static unsigned int failed;
module_param(failed, uint, 0444);
MODULE_PARM_DESC(failed, "Calls that have failed");

/* A function that does nothing; the return value is set already. */
void hpet_fault_return(void);
asm(".text\n"
    ".type hpet_fault_return, @function\n"
    "hpet_fault_return:\n"
	ANNOTATE_NOENDBR
	ASM_RET
    ".size hpet_fault_return, . - hpet_fault_return\n");

static int before_call(struct kprobe *p, struct pt_regs *regs)
{
	if (current->tgid != process ||
	    atomic_dec_if_positive(&calls_left))
		return 0;
	failed++;
	regs_set_return_value(regs, value);
	instruction_pointer_set(regs, (unsigned long)hpet_fault_return);
	return 1;
}

/* Only a probe with this one may change where the CPU goes on. */
static void after_call(struct kprobe *p, struct pt_regs *regs,
		       unsigned long flags)
{
}

static struct kprobe probe;

static void stop(void)
{
	if (probe.symbol_name)
		unregister_kprobe(&probe);
	probe.symbol_name = NULL;
}

static int start(unsigned int call)
{
	int ret;

	process = current->tgid;
	failed = 0;
	atomic_set(&calls_left, call);
	probe = (struct kprobe) {
		.symbol_name = function,
		.pre_handler = before_call,
		.post_handler = after_call,
	};
	ret = register_kprobe(&probe);
	if (ret)
		probe.symbol_name = NULL;
	return ret;
}

static int set_fail(const char *text, const struct kernel_param *kp)
{
	unsigned int call;
	int ret = 0;

	mutex_lock(&mutex);
	stop();
	if (strncmp(text, "none", 4)) {
		if (sscanf(text, "%63s %li %u", function, &value, &call) == 3 &&
		    call)
			ret = start(call);
		else
			ret = -EINVAL;
	}
	mutex_unlock(&mutex);
	return ret;
}

static int get_fail(char *text, const struct kernel_param *kp)
{
	int ret;

	mutex_lock(&mutex);
	ret = sysfs_emit(text, "%s\n", probe.symbol_name ? function : "none");
	mutex_unlock(&mutex);
	return ret;
}

static const struct kernel_param_ops fail_ops = {
	.set = set_fail,
	.get = get_fail,
};
module_param_cb(fail, &fail_ops, NULL, 0644);
MODULE_PARM_DESC(fail, "FUNCTION VALUE CALL, or none");

static int __init hpet_fault_init(void)
{
	return 0;
}

static void __exit hpet_fault_exit(void)
{
	stop();
}

module_init(hpet_fault_init);
module_exit(hpet_fault_exit);

MODULE_DESCRIPTION("kvm_hpet's tests: one call of a function fails");
MODULE_LICENSE("GPL");

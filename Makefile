# SPDX-License-Identifier: GPL-2.0
#
# kvm_hpet. `make help` says what there is.

# The running kernel's build directory where there is one, else that of Debian's
# newest kernel: what the test host boots.
RUNNING := /lib/modules/$(shell uname -r)/build
DEBIAN := $(lastword $(shell ls -d /usr/src/linux-headers-*-amd64 2>/dev/null | sort -V))
KDIR ?= $(if $(wildcard $(RUNNING)),$(RUNNING),$(DEBIAN))
PREFIX ?= /usr/local

setup = scripts/setup $(1)

.PHONY: all modules tool install uninstall deb check-deb docs demo drift endurance check check-debug check-guests check-hostile \
	check-intel check-kernels check-qemu qemu check-oracle fuzz prove coverage bench bench-check lint clean help
.DEFAULT_GOAL := all

all: modules tool ## the module for the running kernel (or KDIR=...), and the tool

modules:
	$(if $(KDIR),,$(error no kernel headers: scripts/setup build, or KDIR=...))
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tool:
	$(MAKE) -C tools/kvm-hpet

install: all install-tool ## installs module, tool, header, udev rule, libvirt hook (root; PREFIX, DESTDIR)
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) modules_install
	$(if $(DESTDIR),,depmod -a)

# All but the module. Rules of packages have a place of their own.
UDEV_RULES = $(if $(filter /usr,$(PREFIX)),/usr/lib,/etc)/udev/rules.d
# libvirt looks nowhere else.
LIBVIRT_HOOK := /etc/libvirt/hooks/qemu.d/kvm-hpet
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)

.PHONY: install-tool
install-tool:
	$(MAKE) -C tools/kvm-hpet install PREFIX=$(PREFIX)
	install -D -m 644 include/uapi/linux/kvm_hpet.h $(DESTDIR)$(PREFIX)/include/linux/kvm_hpet.h
	install -d $(DESTDIR)$(PREFIX)/share/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' contrib/pkgconfig/kvm_hpet.pc.in \
		>$(DESTDIR)$(PREFIX)/share/pkgconfig/kvm_hpet.pc
	install -D -m 644 contrib/udev/60-kvm-hpet.rules $(DESTDIR)$(UDEV_RULES)/60-kvm-hpet.rules
	install -D -m 755 contrib/libvirt/kvm-hpet $(DESTDIR)$(LIBVIRT_HOOK)
	install -d $(DESTDIR)$(PREFIX)/share/kvm-hpet/bpftrace
	install -m 755 contrib/bpftrace/*.bt $(DESTDIR)$(PREFIX)/share/kvm-hpet/bpftrace

uninstall: ## undoes that
	rm -f $(DESTDIR)/lib/modules/*/extra/kvm_hpet.ko $(DESTDIR)/lib/modules/*/updates/kvm_hpet.ko
	$(MAKE) -C tools/kvm-hpet uninstall PREFIX=$(PREFIX)
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,include/linux/kvm_hpet.h share/pkgconfig/kvm_hpet.pc)
	rm -rf $(DESTDIR)$(PREFIX)/share/kvm-hpet
	rm -f $(DESTDIR)$(UDEV_RULES)/60-kvm-hpet.rules $(DESTDIR)$(LIBVIRT_HOOK)
	$(if $(DESTDIR),,depmod -a)

deb: ## Debian packages of module (DKMS), tool and manual, looked at by lintian; out/deb
	@$(call setup,build docs deb)
	@scripts/build-deb

check-deb: ## the packages installed, upgraded, purged in fresh Debian 12 and 13 (10 to 20 minutes; SUITES=)
	@$(call setup,build docs deb check-deb)
	@selftests/deb/run $(SUITES)

docs: ## the manual as HTML; out/docs/html
	@$(call setup,docs)
	@scripts/build-docs

# The test host's module must be for the test host's kernel.
.PHONY: testhost
testhost:
	@$(call setup,build testbed l0qemu)
	@selftests/testbed/build-qemu >/dev/null
	@echo "building the module for the test host's kernel, and the tool"
	@$(MAKE) -s KDIR="$$(ls -d /usr/src/linux-headers-*-amd64 | sort -V | tail -n 1)" modules tool

# Modules of the kselftests' own.
.PHONY: testmodules
testmodules: testhost
	@$(MAKE) -s -C "$$(ls -d /usr/src/linux-headers-*-amd64 | sort -V | tail -n 1)" M=$(CURDIR)/selftests/kvm/modules modules

demo: testhost ## the main job: a guest's clock under load, with QEMU's own HPET and with this one
	@$(call setup,demo)
	@demo/run

# What is not given is all there is; a run whose result is there is not repeated, unless AGAIN=1.
drift: testhost ## the demo with every load and rival (hours; LOADS= SUBJECTS= GUESTS= RECOVER= AGAIN=1)
	@$(call setup,demo oracle)
	@drift/run $(if $(LOADS),--loads "$(LOADS)") $(if $(SUBJECTS),--subjects "$(SUBJECTS)") $(if $(GUESTS),--guests "$(GUESTS)") \
		$(if $(RECOVER),--recover $(RECOVER)) $(if $(AGAIN),--again)

endurance: testhost ## an hour of a guest under random loads, policies changing (40 minutes and more; MINUTES= SEED=)
	@$(call setup,demo)
	@endurance/run $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

check: testmodules ## all tests of a submission (sets itself up)
	@$(call setup,check oracle kernels fuzz lint demo coverage docs manual libvirt)
	@selftests/check

check-guests: testhost ## real guests: /dev/hpet, HPET-MSI, RTC emulation, hrtimers (2 to 4 minutes)
	@$(call setup,check)
	@selftests/guests/run

KERNELS ?= 6.1 6.12 7.3
check-kernels: testhost ## DKMS, clang, all kselftests, a guest on Linux 6.1, 6.12 and 7.3 (15 minutes a kernel on a busy machine; KERNELS=)
	@$(call setup,check kernels)
	@selftests/check $(addprefix kernel-,$(KERNELS))

CALLS ?= 1000000
check-hostile: testhost ## a million random calls of a VMM, from several threads (CALLS=; half an hour on a busy machine)
	@$(call setup,check)
	@prove -e '' selftests/kvm/run :: --mt --timeout 7200 --env HPET_FUZZ_CALLS=$(CALLS) vmm_fuzz_test

check-debug: testhost ## all kselftests, races, faults on kernels with KASAN, lockdep, KCSAN (built first; KERNELS=kasan kcsan)
	@$(call setup,check debug)
	@selftests/check $(addprefix debug-,$(or $(filter kasan kcsan,$(KERNELS)),kasan kcsan))

check-intel: ## kselftests on a host with VMX and EPT, in Bochs (6 minutes on a busy machine)
	@$(call setup,build check intel)
	@$(MAKE) -s KDIR="$$(ls -d /usr/src/linux-headers-*-amd64 | sort -V | tail -n 1)" modules
	@selftests/check intel

qemu: ## Debian's QEMU 10.0 with an HPET in the kernel, built once into the cache (10 minutes on two CPUs)
	@contrib/qemu/build

check-qemu: testhost ## that QEMU in the test host: boot, reset, savevm, migration of a guest that counts ticks (3 minutes)
	@$(call setup,check)
	@contrib/qemu/build >/dev/null
	@selftests/check qemu

check-oracle: ## the model against the HPETs of QEMU 7.2 and 10.0, a million operations each (1 to 2 minutes)
	@$(call setup,oracle)
	@selftests/oracle/run

fuzz: ## libFuzzer on the core for TIME seconds (default 60)
	@$(call setup,fuzz)
	@selftests/fuzz/run $(TIME)

prove: ## CBMC on the core's arithmetic, loops and lost-tick policy (5 minutes of CPU)
	@$(call setup,prove)
	@selftests/prove/run

coverage: ## what the tests of the core reach; fails below 100 % of lines, 95 % of branches; out/coverage
	@$(call setup,coverage)
	@selftests/core/coverage

bench: testhost ## what accesses and ticks cost, against every rival; out/bench.json, out/bench.svg (5 minutes)
	@$(call setup,check demo oracle)
	@benchmarks/run $(BENCH)

bench-check: testmodules ## likewise; fails where one costs 2 % more than in benchmarks/baseline.json
	@$(call setup,check demo oracle)
	@benchmarks/run --baseline benchmarks/baseline.json $(BENCH)

lint: ## checkpatch, sparse, W=1, clang, shellcheck, codespell
	@$(call setup,build lint)
	@scripts/lint

clean:
	$(if $(KDIR),$(MAKE) -C $(KDIR) M=$(CURDIR) clean)
	$(MAKE) -C tools/kvm-hpet clean
	rm -rf out

help: ## this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

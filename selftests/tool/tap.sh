# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# TAP for tests in shell (POSIX: in the test host they run under busybox), to
# be sourced. The plan comes last, by done_testing.

tap_count=0
tap_failed=0
tap_dir=$(mktemp -d)

# result STATUS NAME: one line of TAP
result() {
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
	else
		echo "not ok $tap_count - $2"
		tap_failed=$((tap_failed + 1))
	fi
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# capture COMMAND...: its output and exit status to $out, $err (files), $status
out=$tap_dir/out
err=$tap_dir/err
capture() {
	status=0
	"$@" >"$out" 2>"$err" </dev/null || status=$?
}

explain() {
	echo "# exit status $status, stdout:"
	sed 's/^/#   /' "$out"
	echo "# stderr:"
	sed 's/^/#   /' "$err"
}

# explained STATUS NAME: as result, and what the last capture has said if it is not ok
explained() {
	result "$1" "$2"
	[ "$1" = 0 ] || explain
}

# expect STATUS PATTERN NAME: the last capture ended so, with exactly one line
# on stderr that matches PATTERN (basic regular expression), or none if it is empty
expect() {
	if [ -n "$2" ]; then
		[ "$status" = "$1" ] && [ "$(wc -l <"$err")" = 1 ] && grep -q -e "$2" "$err"
	else
		[ "$status" = "$1" ] && [ ! -s "$err" ]
	fi
	set -- $? "$3"
	result "$1" "$2"
	[ "$1" = 0 ] || explain
}

# expect_out PATTERN NAME: the last capture's stdout has a matching line
expect_out() {
	grep -q -e "$1" "$out"
	set -- $? "$2"
	result "$1" "$2"
	[ "$1" = 0 ] || explain
}

# expect_doctor TOOL NAME: all of what it has found is there to read in 80 columns
expect_doctor() {
	"$1" doctor --json 2>/dev/null | sed -n 's/^ *"text": *"\(.*\)"$/\1/p' | tr -d '\\' >"$tap_dir/doctor"
	"$1" doctor 2>/dev/null >"$out"
	! grep -q '.\{81\}' "$out"
	explained $? "$2: the doctor's lines fit into 80 columns"
	awk '/^(ok  |note|FAIL)  / { if (text) print text; text = substr($0, 20); next }
		{ sub(/^ +/, " "); text = text $0 }
		END { print text }' "$out" >"$tap_dir/read"
	[ -s "$tap_dir/doctor" ] && diff "$tap_dir/doctor" "$tap_dir/read"
	explained $? "$2: and lack nothing"
}

uptime_s() {
	cut -d. -f1 /proc/uptime
}

# wait_for SECONDS COMMAND...: until it succeeds. What counts is tries, ten a second, each of which takes longer on a busy
# machine, but it ends before the test bed takes the silence for a hang. In a subshell, since the command may wait for
# something itself.
wait_for() (
	wait_left=$(($1 * 10))
	wait_end=$(($(uptime_s) + 240))
	shift
	until "$@" >/dev/null 2>&1; do
		wait_left=$((wait_left - 1))
		if [ $wait_left = 0 ] || [ "$(uptime_s)" -ge $wait_end ]; then
			echo "# waited in vain for: $*" >&2
			return 1
		fi
		sleep 0.1
	done
)

done_testing() {
	echo "1..$tap_count"
	rm -rf "$tap_dir"
	[ $tap_failed = 0 ]
}

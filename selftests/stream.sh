# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# To be sourced: TAP of our own, with that of others in it. The caller sets $series, the kernel at hand, which every point
# begins with, and $out, a directory for what everything said; it prints "TAP version 13" first and calls finish last.
# shellcheck disable=SC2154

n=0 failed=0 child=

point() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $series: $2"
	else
		failed=1
		echo "not ok $n - $series: $2"
	fi
}

# stream NAME COMMAND...: another's TAP becomes part of ours. One that breaks off or says less than it planned is a failure.
stream() {
	local name=$1 status=0
	shift
	# In the background, so that who ends us ends it as well.
	"$@" >"$out/$name.tap" 2>"$out/$name.log" &
	child=$!
	wait $child || status=$?
	child=
	awk -v n="$n" -v series="$series" -v status=$status '
		function failure(text) {
			n++
			bad++
			print "not ok " n " - " series ": " text
		}
		/^(not )?ok / {
			n++
			seen++
			bad += $1 == "not"
			sub(/ok [0-9]+ - /, "ok " n " - " series ": ")
		}
		/^TAP version/ { next }
		/^1\.\./ { plan = substr($0, 4) + 0; next }
		/^Bail out!/ { failure($0); bailed = 1; next }
		{ print }
		END {
			if (!bailed && (plan != seen || !seen))
				failure("'"$name"' ended in the middle (" seen + 0 " of " plan + 0 ")")
			if (status && !bad)
				failure("'"$name"': exit status " status)
			print n, bad + 0 >"/dev/stderr"
		}' "$out/$name.tap" 2>"$out/count"
	read -r n bad <"$out/count"
	[ "$bad" = 0 ] || failed=1
	grep -E '^(PASS|FAIL|HANG|VOID|ERROR) ' "$out/$name.log" | sed 's/^/# /' || true
}

finish() {
	echo "1..$n"
	exit $failed
}

end_child_at_exit() {
	# shellcheck disable=SC2154 # it is set where the trap runs
	trap 'status=$?; [ -z "$child" ] || kill "$child" 2>/dev/null || true; exit $status' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

; SPDX-License-Identifier: GPL-2.0
;
; When the host's timer is to go off for a match: at the first ns at which the counter has come so far. In integers, from
; what clock.c proves of the code: hpet_ns_to_ticks() and hpet_ticks_to_ns() are these roundings, and nothing overflows.
; Every claim is denied, and must turn out to be unsat; the premises alone must not.
(declare-const period Int)	; fs
(declare-const phase Int)	; fs
(declare-const now Int)		; ns since the counter started
(declare-const elapsed Int)	; ticks until now
(declare-const next Int)	; the match, in ticks
(declare-const at Int)		; the deadline, ns
(declare-const then Int)	; when somebody looks, ns
(declare-const reached Int)	; ticks until then
(declare-const left Int)
(declare-const rest Int)
(assert (and (<= 1000000 period 100000000) (<= 0 phase) (< phase period) (<= 0 now) (<= 0 then)))
(assert (and (= (+ (* now 1000000) phase) (+ (* elapsed period) left)) (<= 0 left) (< left period)))
(assert (and (= (+ (* then 1000000) phase) (+ (* reached period) rest)) (<= 0 rest) (< rest period)))
; model.c: the next match is not in the past.
(assert (> next elapsed))
(assert (and (>= (+ (* at 1000000) phase) (* next period)) (< (+ (* (- at 1) 1000000) phase) (* next period))))
(echo "premises")
(check-sat)
(push)
(echo "never in the past")
(assert (<= at now))
(check-sat)
(pop)
(push)
(echo "at the deadline it has matched")
(assert (and (>= then at) (< reached next)))
(check-sat)
(pop)
(push)
(echo "a ns before it has not")
(assert (and (< then at) (>= reached next)))
(check-sat)
(pop)

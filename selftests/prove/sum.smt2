; SPDX-License-Identifier: GPL-2.0
;
; The counter runs, stands still, and runs on: as if it had run on at once, so nothing drifts. In integers, from what
; clock.c proves of the code: hpet_ns_to_ticks() and hpet_ns_to_phase() are quotient and rest, and nothing overflows.
; Every claim is denied, and must turn out to be unsat; the premises alone must not.
(declare-const period Int)	; fs
(declare-const phase Int)	; fs
(declare-const first Int)	; ns
(declare-const second Int)	; ns
(declare-const a Int)		; ticks in the first part
(declare-const b Int)		; ticks in the second
(declare-const both Int)	; ticks in both at once
(declare-const left Int)	; phase after the first part
(declare-const end Int)		; after the second
(declare-const rest Int)	; after both at once
(assert (and (<= 1000000 period 100000000) (<= 0 phase) (< phase period) (<= 0 first) (<= 0 second)))
(assert (and (= (+ (* first 1000000) phase) (+ (* a period) left)) (<= 0 left) (< left period)))
(assert (and (= (+ (* second 1000000) left) (+ (* b period) end)) (<= 0 end) (< end period)))
(assert (and (= (+ (* (+ first second) 1000000) phase) (+ (* both period) rest)) (<= 0 rest) (< rest period)))
(echo "premises")
(check-sat)
(push)
(echo "no tick more or less")
(assert (not (= both (+ a b))))
(check-sat)
(pop)
(push)
(echo "nor part of one")
(assert (= both (+ a b)))	; which was shown just now
(assert (not (= rest end)))
(check-sat)
(pop)

;; The JSON grammar (RFC 8259) as a machine that eats a body window by window and may stop after any byte. It counts tokens, keeps the
;; open containers on a stack of bytes, and returns to its caller at each key of the top-level object and after each value that is wanted.
;; Strings and runs of digits pass 16 bytes a step. The caller fills the tables; their places, the states and the return codes are those of
;; `scan-machine.ts`. Compiled into `json-scan-wasm.gen.ts`.
(module
  (memory (export "memory") 2)

  (global $state (mut i32) (i32.const 0))
  (global $depth (mut i32) (i32.const 0))
  (global $isKey (mut i32) (i32.const 0))
  (global $isOpen (mut i32) (i32.const 0))         ;; a wanted top-level value has begun
  (global $numberState (mut i32) (i32.const 0))
  (global $literal (mut i32) (i32.const 0))        ;; address of the next byte of true, false or null
  (global $hexDigits (mut i32) (i32.const 0))      ;; still to come in a \u escape
  (global $insignificant (mut i32) (i32.const 0))
  (global $numbers (mut i32) (i32.const 0))
  (global $strings (mut i32) (i32.const 0))

  (func (export "reset")
    (global.set $state (i32.const 0))
    (global.set $depth (i32.const 0))
    (global.set $isOpen (i32.const 0))
    (global.set $insignificant (i32.const 0))
    (global.set $numbers (i32.const 0))
    (global.set $strings (i32.const 0)))

  ;; Goes on at address $p, up to $end. $bias is what turns an address into an offset of the body. $isWanted: report the top-level value at
  ;; hand. Returns 0 at $end, 1 after a top-level key, 2 after a wanted value, 3 at a byte that does not fit, 4 at one level too many.
  (func (export "run") (param $p i32) (param $end i32) (param $bias i32) (param $isWanted i32) (result i32)
    (local $code i32) (local $state i32) (local $depth i32) (local $byte i32) (local $next i32) (local $mask i32) (local $bytes v128)
    (local $number i32)
    (local.set $state (global.get $state))
    (local.set $depth (global.get $depth))
    (local.set $number (global.get $numberState))
    (block $exit
      (block $fail
        (loop $continue
          (block $valueEnds
            (br_if $exit (i32.ge_u (local.get $p) (local.get $end)))
            (local.set $byte (i32.load8_u (local.get $p)))
            (if (i32.and (i32.le_u (local.get $byte) (i32.const 0x20)) (i32.le_u (local.get $state) (i32.const 7)))
              (then
                (br_if $fail (i32.eqz (i32.and (i32.load8_u offset=256 (local.get $byte)) (i32.const 1))))
                (global.set $insignificant (i32.add (global.get $insignificant) (i32.const 1)))
                (local.set $p (i32.add (local.get $p) (i32.const 1)))
                (br $continue)))
            (block $literal
              (block $number
                (block $hex
                  (block $escape
                    (block $string
                      (block $comma
                        (block $colon
                          (block $key
                            (block $value
                              (br_table $value $value $value $key $key $colon $comma $fail $string $escape $hex $number $literal
                                (local.get $state)))

                            ;; ROOT 0, VALUE 1, VALUE_OR_END 2
                            (br_if $fail (i32.and (i32.eqz (local.get $state)) (i32.ne (local.get $byte) (i32.const 0x7b))))
                            (if (i32.and (i32.eq (local.get $depth) (i32.const 1)) (local.get $isWanted))
                              (then
                                (global.set $isOpen (i32.const 1))
                                (i32.store offset=16 (i32.const 0) (i32.add (local.get $p) (local.get $bias)))
                                (i32.store offset=24 (i32.const 0) (local.get $byte))
                                (i32.store offset=28 (i32.const 0) (global.get $insignificant))
                                (i32.store offset=32 (i32.const 0) (global.get $numbers))
                                (i32.store offset=36 (i32.const 0) (global.get $strings))))
                            (if (i32.eq (local.get $byte) (i32.const 0x22))
                              (then
                                (global.set $strings (i32.add (global.get $strings) (i32.const 1)))
                                (global.set $isKey (i32.const 0))
                                (local.set $state (i32.const 8))
                                (local.set $p (i32.add (local.get $p) (i32.const 1)))
                                (br $string)))
                            (local.set $next (i32.load8_u offset=256 (local.get $byte)))
                            (if (i32.and (local.get $next) (i32.const 8))
                              (then
                                (global.set $numbers (i32.add (global.get $numbers) (i32.const 1)))
                                (local.set $number (i32.const 0))
                                (local.set $state (i32.const 11))
                                (br $number)))
                            (if (i32.and (local.get $next) (i32.const 16)) ;; { or [
                              (then
                                (if (i32.eq (local.get $depth) (i32.const 512))
                                  (then
                                    (local.set $code (i32.const 4))
                                    (br $exit)))
                                (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
                                (local.set $next (i32.eq (local.get $byte) (i32.const 0x7b)))
                                (i32.store8 offset=512 (local.get $depth) (local.get $next))
                                (local.set $state (select (i32.const 4) (i32.const 2) (local.get $next)))
                                (local.set $p (i32.add (local.get $p) (i32.const 1)))
                                (br $continue)))
                            (if (i32.and (local.get $next) (i32.const 32)) ;; t, f or n
                              (then
                                (global.set $literal
                                  (select
                                    (i32.const 64)
                                    (select (i32.const 72) (i32.const 80) (i32.eq (local.get $byte) (i32.const 0x66)))
                                    (i32.eq (local.get $byte) (i32.const 0x74))))
                                (local.set $state (i32.const 12))
                                (br $literal)))
                            (br_if $fail (i32.ne (local.get $byte) (i32.const 0x5d)))
                            (br_if $fail (i32.ne (local.get $state) (i32.const 2)))
                            (local.set $state (i32.const 6))
                            (br $continue))

                          ;; KEY 3, KEY_OR_END 4
                          (if (i32.eq (local.get $byte) (i32.const 0x22))
                            (then
                              (global.set $strings (i32.add (global.get $strings) (i32.const 1)))
                              (global.set $isKey (i32.const 1))
                              (if (i32.eq (local.get $depth) (i32.const 1))
                                (then (i32.store offset=12 (i32.const 0) (i32.add (local.get $p) (local.get $bias)))))
                              (local.set $state (i32.const 8))
                              (local.set $p (i32.add (local.get $p) (i32.const 1)))
                              (br $string)))
                          (br_if $fail (i32.ne (local.get $byte) (i32.const 0x7d)))
                          (br_if $fail (i32.ne (local.get $state) (i32.const 4)))
                          (local.set $state (i32.const 6))
                          (br $continue))

                        ;; COLON 5
                        (br_if $fail (i32.ne (local.get $byte) (i32.const 0x3a)))
                        (local.set $state (i32.const 1))
                        (local.set $p (i32.add (local.get $p) (i32.const 1)))
                        (br $continue))

                      ;; COMMA_OR_END 6
                      (local.set $next (i32.load8_u offset=512 (local.get $depth)))
                      (if (i32.eq (local.get $byte) (i32.const 0x2c))
                        (then
                          (local.set $state (select (i32.const 3) (i32.const 1) (local.get $next)))
                          (local.set $p (i32.add (local.get $p) (i32.const 1)))
                          (br $continue)))
                      (br_if $fail (i32.ne (local.get $byte) (select (i32.const 0x7d) (i32.const 0x5d) (local.get $next))))
                      (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
                      (local.set $p (i32.add (local.get $p) (i32.const 1)))
                      (br_if $valueEnds (local.get $depth))
                      (local.set $state (i32.const 7))
                      (br $continue))

                    ;; STRING 8: stops at a quote, a backslash or a control character. Exclusive-or with 2 brings the quote right behind the
                    ;; control characters, and leaves those among themselves.
                    (loop $stringRuns
                      (br_if $exit (i32.ge_u (local.get $p) (local.get $end)))
                      (local.set $bytes (v128.xor (v128.load align=1 (local.get $p)) (i8x16.splat (i32.const 2))))
                      (local.set $mask
                        (i8x16.bitmask
                          (v128.or
                            (i8x16.eq (local.get $bytes) (i8x16.min_u (local.get $bytes) (i8x16.splat (i32.const 0x20))))
                            (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 0x5e))))))
                      (if (i32.eqz (local.get $mask))
                        (then
                          (local.set $p (i32.add (local.get $p) (i32.const 16)))
                          (br $stringRuns)))
                      (local.set $p (i32.add (local.get $p) (i32.ctz (local.get $mask))))
                      (br_if $exit (i32.ge_u (local.get $p) (local.get $end)))
                      (local.set $byte (i32.load8_u (local.get $p)))
                      (if (i32.eq (local.get $byte) (i32.const 0x22))
                        (then
                          (local.set $p (i32.add (local.get $p) (i32.const 1)))
                          (br_if $valueEnds (i32.eqz (global.get $isKey)))
                          (local.set $state (i32.const 5))
                          (br_if $continue (i32.ne (local.get $depth) (i32.const 1)))
                          (local.set $code (i32.const 1))
                          (br $exit)))
                      (br_if $fail (i32.ne (local.get $byte) (i32.const 0x5c)))
                      (local.set $p (i32.add (local.get $p) (i32.const 1)))
                      ;; Whole escapes at once. What a window's end cuts goes byte by byte below.
                      (if (i32.le_u (i32.add (local.get $p) (i32.const 5)) (local.get $end))
                        (then
                          (local.set $byte (i32.load8_u (local.get $p)))
                          (if (i32.and (i32.load8_u offset=256 (local.get $byte)) (i32.const 2))
                            (then
                              (local.set $p (i32.add (local.get $p) (i32.const 1)))
                              (br $stringRuns)))
                          (if (i32.and
                                (i32.shl (i32.eq (local.get $byte) (i32.const 0x75)) (i32.const 2))
                                (i32.and
                                  (i32.and
                                    (i32.load8_u offset=256 (i32.load8_u offset=1 (local.get $p)))
                                    (i32.load8_u offset=256 (i32.load8_u offset=2 (local.get $p))))
                                  (i32.and
                                    (i32.load8_u offset=256 (i32.load8_u offset=3 (local.get $p)))
                                    (i32.load8_u offset=256 (i32.load8_u offset=4 (local.get $p))))))
                            (then
                              (local.set $p (i32.add (local.get $p) (i32.const 5)))
                              (br $stringRuns)))))
                      (local.set $state (i32.const 9))
                      (br $continue))
                    unreachable)

                  ;; ESCAPE 9
                  (local.set $state (i32.const 8))
                  (local.set $p (i32.add (local.get $p) (i32.const 1)))
                  (br_if $continue (i32.and (i32.load8_u offset=256 (local.get $byte)) (i32.const 2)))
                  (local.set $state (i32.const 10))
                  (global.set $hexDigits (i32.const 4))
                  (br_if $continue (i32.eq (local.get $byte) (i32.const 0x75)))
                  (local.set $state (i32.const 9))
                  (local.set $p (i32.sub (local.get $p) (i32.const 1)))
                  (br $fail))

                ;; HEX 10
                (br_if $fail (i32.eqz (i32.and (i32.load8_u offset=256 (local.get $byte)) (i32.const 4))))
                (local.set $p (i32.add (local.get $p) (i32.const 1)))
                (global.set $hexDigits (i32.sub (global.get $hexDigits) (i32.const 1)))
                (br_if $continue (global.get $hexDigits))
                (local.set $state (i32.const 8))
                (br $continue))

              ;; NUMBER 11
              (loop $numberBytes
                (br_if $exit (i32.ge_u (local.get $p) (local.get $end)))
                (local.set $byte (i32.load8_u (local.get $p)))
                (local.set $next
                  (i32.load8_u offset=1280 (i32.or (i32.shl (local.get $number) (i32.const 8)) (local.get $byte))))
                (if (i32.eq (local.get $next) (i32.const 255))
                  (then
                    (br_if $fail (i32.lt_u (local.get $number) (i32.const 5)))
                    ;; The next one of an array of numbers is near: token ids come by the hundred thousand.
                    (br_if $valueEnds (i32.ne (local.get $byte) (i32.const 0x2c)))
                    (br_if $valueEnds (i32.load8_u offset=512 (local.get $depth)))
                    (local.set $state (i32.const 1))
                    (local.set $p (i32.add (local.get $p) (i32.const 1)))
                    (br_if $exit (i32.ge_u (local.get $p) (local.get $end)))
                    (local.set $byte (i32.load8_u (local.get $p)))
                    (br_if $continue (i32.eqz (i32.and (i32.load8_u offset=256 (local.get $byte)) (i32.const 8))))
                    (global.set $numbers (i32.add (global.get $numbers) (i32.const 1)))
                    (local.set $number (i32.const 0))
                    (local.set $state (i32.const 11))
                    (br $numberBytes)))
                (local.set $number (local.get $next))
                (local.set $p (i32.add (local.get $p) (i32.const 1)))
                (br_if $numberBytes (i32.lt_u (local.get $next) (i32.const 6)))
                (loop $digitRuns
                  (local.set $bytes (i8x16.sub (v128.load align=1 (local.get $p)) (i8x16.splat (i32.const 0x30))))
                  (local.set $mask
                    (i8x16.bitmask (i8x16.eq (local.get $bytes) (i8x16.max_u (local.get $bytes) (i8x16.splat (i32.const 10))))))
                  (if (i32.eqz (local.get $mask))
                    (then
                      (local.set $p (i32.add (local.get $p) (i32.const 16)))
                      (br_if $exit (i32.ge_u (local.get $p) (local.get $end)))
                      (br $digitRuns))))
                (local.set $p (i32.add (local.get $p) (i32.ctz (local.get $mask))))
                (br $numberBytes))
              unreachable)

            ;; LITERAL 12
            (loop $literalBytes
              (br_if $exit (i32.ge_u (local.get $p) (local.get $end)))
              (br_if $fail (i32.ne (i32.load8_u (local.get $p)) (i32.load8_u (global.get $literal))))
              (local.set $p (i32.add (local.get $p) (i32.const 1)))
              (global.set $literal (i32.add (global.get $literal) (i32.const 1)))
              (br_if $literalBytes (i32.load8_u (global.get $literal)))))

          ;; A value ends before $p.
          (local.set $state (i32.const 6))
          (br_if $continue (i32.eqz (global.get $isOpen)))
          (br_if $continue (i32.ne (local.get $depth) (i32.const 1)))
          (global.set $isOpen (i32.const 0))
          (i32.store offset=20 (i32.const 0) (i32.add (local.get $p) (local.get $bias)))
          (i32.store offset=28 (i32.const 0) (i32.sub (global.get $insignificant) (i32.load offset=28 (i32.const 0))))
          (i32.store offset=32 (i32.const 0) (i32.sub (global.get $numbers) (i32.load offset=32 (i32.const 0))))
          (i32.store offset=36 (i32.const 0) (i32.sub (global.get $strings) (i32.load offset=36 (i32.const 0))))
          (local.set $code (i32.const 2))
          (br $exit))
        unreachable)
      (local.set $code (i32.const 3)))
    (global.set $state (local.get $state))
    (global.set $depth (local.get $depth))
    (global.set $numberState (local.get $number))
    (i32.store (i32.const 0) (local.get $p))
    (i32.store offset=4 (i32.const 0) (local.get $state))
    (local.get $code)))

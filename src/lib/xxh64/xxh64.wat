;; XXH64 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md) over consecutive blocks of memory, each block seeded with the hash before it.
;; One call hashes a whole chain: crossing into WebAssembly once a block would cost more than the hashing.
(module
  ;; Grown by the caller, who also decides what lies where.
  (memory (export "memory") 1)

  (func $round (param $lane i64) (param $input i64) (result i64)
    (i64.mul
      (i64.rotl (i64.add (local.get $lane) (i64.mul (local.get $input) (i64.const 0xC2B2AE3D27D4EB4F))) (i64.const 31))
      (i64.const 0x9E3779B185EBCA87)))

  (func $mergeLane (param $hash i64) (param $lane i64) (result i64)
    (i64.add
      (i64.mul
        (i64.xor (local.get $hash) (call $round (i64.const 0) (local.get $lane)))
        (i64.const 0x9E3779B185EBCA87))
      (i64.const 0x85EBCA77C2B2AE63)))

  ;; The hash of the bytes in [at, end).
  (func $xxh64 (param $at i32) (param $end i32) (param $seed i64) (result i64)
    (local $length i64) (local $lastStripe i32)
    (local $lane1 i64) (local $lane2 i64) (local $lane3 i64) (local $lane4 i64)
    (local $hash i64)
    (local.set $length (i64.extend_i32_u (i32.sub (local.get $end) (local.get $at))))

    (if (i64.ge_u (local.get $length) (i64.const 32))
      (then
        ;; Seed + P1 + P2, seed + P2, seed, seed - P1.
        (local.set $lane1 (i64.add (local.get $seed) (i64.const 0x60EA27EEADC0B5D6)))
        (local.set $lane2 (i64.add (local.get $seed) (i64.const 0xC2B2AE3D27D4EB4F)))
        (local.set $lane3 (local.get $seed))
        (local.set $lane4 (i64.sub (local.get $seed) (i64.const 0x9E3779B185EBCA87)))
        (local.set $lastStripe (i32.sub (local.get $end) (i32.const 32)))
        (loop $stripe
          (local.set $lane1 (call $round (local.get $lane1) (i64.load align=1 (local.get $at))))
          (local.set $lane2 (call $round (local.get $lane2) (i64.load offset=8 align=1 (local.get $at))))
          (local.set $lane3 (call $round (local.get $lane3) (i64.load offset=16 align=1 (local.get $at))))
          (local.set $lane4 (call $round (local.get $lane4) (i64.load offset=24 align=1 (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (br_if $stripe (i32.le_u (local.get $at) (local.get $lastStripe))))
        (local.set $hash
          (i64.add
            (i64.add (i64.rotl (local.get $lane1) (i64.const 1)) (i64.rotl (local.get $lane2) (i64.const 7)))
            (i64.add (i64.rotl (local.get $lane3) (i64.const 12)) (i64.rotl (local.get $lane4) (i64.const 18)))))
        (local.set $hash (call $mergeLane (local.get $hash) (local.get $lane1)))
        (local.set $hash (call $mergeLane (local.get $hash) (local.get $lane2)))
        (local.set $hash (call $mergeLane (local.get $hash) (local.get $lane3)))
        (local.set $hash (call $mergeLane (local.get $hash) (local.get $lane4))))
      (else
        (local.set $hash (i64.add (local.get $seed) (i64.const 0x27D4EB2F165667C5)))))
    (local.set $hash (i64.add (local.get $hash) (local.get $length)))

    (block $noEights
      (loop $eights
        (br_if $noEights (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 8)))
        (local.set $hash
          (i64.add
            (i64.mul
              (i64.rotl
                (i64.xor (local.get $hash) (call $round (i64.const 0) (i64.load align=1 (local.get $at))))
                (i64.const 27))
              (i64.const 0x9E3779B185EBCA87))
            (i64.const 0x85EBCA77C2B2AE63)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $eights)))

    (if (i32.ge_u (i32.sub (local.get $end) (local.get $at)) (i32.const 4))
      (then
        (local.set $hash
          (i64.add
            (i64.mul
              (i64.rotl
                (i64.xor
                  (local.get $hash)
                  (i64.mul (i64.load32_u align=1 (local.get $at)) (i64.const 0x9E3779B185EBCA87)))
                (i64.const 23))
              (i64.const 0xC2B2AE3D27D4EB4F))
            (i64.const 0x165667B19E3779F9)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))))

    (block $noBytes
      (loop $bytes
        (br_if $noBytes (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $hash
          (i64.mul
            (i64.rotl
              (i64.xor (local.get $hash) (i64.mul (i64.load8_u (local.get $at)) (i64.const 0x27D4EB2F165667C5)))
              (i64.const 11))
            (i64.const 0x9E3779B185EBCA87)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes)))

    (local.set $hash
      (i64.mul (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 33))) (i64.const 0xC2B2AE3D27D4EB4F)))
    (local.set $hash
      (i64.mul (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 29))) (i64.const 0x165667B19E3779F9)))
    (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32))))

  ;; Hashes [at, end) in blocks of blockBytes, the last one as long as what is left, and at least one, which may be empty. Writes the
  ;; halves of the hashes to low and high, 4 bytes each.
  (func (export "hashBlocks")
    (param $at i32) (param $end i32) (param $blockBytes i32) (param $seedLow i32) (param $seedHigh i32) (param $low i32) (param $high i32)
    (local $blockEnd i32) (local $hash i64)
    (local.set $hash
      (i64.or (i64.extend_i32_u (local.get $seedLow)) (i64.shl (i64.extend_i32_u (local.get $seedHigh)) (i64.const 32))))
    (loop $block
      ;; By what is left, because at + blockBytes may overflow.
      (local.set $blockEnd
        (select
          (i32.add (local.get $at) (local.get $blockBytes))
          (local.get $end)
          (i32.lt_u (local.get $blockBytes) (i32.sub (local.get $end) (local.get $at)))))
      (local.set $hash (call $xxh64 (local.get $at) (local.get $blockEnd) (local.get $hash)))
      (i32.store (local.get $low) (i32.wrap_i64 (local.get $hash)))
      (i32.store (local.get $high) (i32.wrap_i64 (i64.shr_u (local.get $hash) (i64.const 32))))
      (local.set $low (i32.add (local.get $low) (i32.const 4)))
      (local.set $high (i32.add (local.get $high) (i32.const 4)))
      (local.set $at (local.get $blockEnd))
      (br_if $block (i32.lt_u (local.get $at) (local.get $end))))))

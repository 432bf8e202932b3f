;; Joins two planes of 16-bit integers; planes.js holds it assembled, and tests/export/test_planes.py holds that it is this.
(module
  (memory (export "memory") 4)
  ;; `upper` and `lower` are the first bytes of the planes, `to` of the integers: multiples of 8 of them, little-endian.
  (func (export "join") (param $upper i32) (param $lower i32) (param $to i32) (param $count i32)
    (local $end i32) (local $low v128) (local $unsigned v128)
    (local.set $end (i32.add (local.get $upper) (local.get $count)))
    (loop $eight
      (local.set $low (v128.load8x8_u (local.get $lower)))
      (local.set $unsigned (v128.or
        (i16x8.shl (v128.load8x8_u (local.get $upper)) (i32.const 4))
        (v128.or
          (v128.and (local.get $low) (v128.const i16x8 15 15 15 15 15 15 15 15))
          (i16x8.shl (i16x8.shr_u (local.get $low) (i32.const 4)) (i32.const 12)))))
      ;; (u >> 1) ^ -(u & 1)
      (v128.store (local.get $to) (v128.xor
        (i16x8.shr_u (local.get $unsigned) (i32.const 1))
        (i16x8.neg (v128.and (local.get $unsigned) (v128.const i16x8 1 1 1 1 1 1 1 1)))))
      (local.set $upper (i32.add (local.get $upper) (i32.const 8)))
      (local.set $lower (i32.add (local.get $lower) (i32.const 8)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br_if $eight (i32.lt_u (local.get $upper) (local.get $end))))))

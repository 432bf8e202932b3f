;; `MlasConvOperation`: one group's convolution, of which ours does those with one channel in and one out.
;;
;; onnxruntime makes a matrix of all windows and multiplies it by the filter, one row by K. Here the channel is copied
;; with its padding, then each tap of the filter adds its multiple of the picture, 32 outputs at a time.
;;
;; The copy has a plane for each remainder of row and column by the stride, so that the inputs of neighbouring outputs
;; are neighbours too:
;;
;;     plane[y % stride, x % stride][y / stride, x / stride] = padded[y, x]
;;
;; Outputs are computed over whole rows of a plane, its last columns for nothing, and written over the first plane: a
;; tap never reads before the output that it adds to. $Buffer has 16384 floats (onnxruntime's own size); a picture whose
;; planes are larger is done in bands of rows.
;;
;; Of MLAS_CONV_PARAMETERS, in 32 bits: 0 activation, 4 dimensions, 16 channels of a group, 24 height, 28 width,
;; 36 40 kernel, 48 52 dilation, 60 padding above, 64 padding left, 84 88 stride, 96 filters of a group,
;; 100 104 output, 116 outputs, 120 taps, 124 beta.
(func $convolution (param $Parameters i32) (param $Input i32) (param $Filter i32) (param $Bias i32) (param $Buffer i32)
                   (param $Output i32) (param $first i32) (param $count i32)
  (local $stride i32) (local $shift i32) (local $odd i32)
  (local $height i32) (local $width i32) (local $outHeight i32) (local $outWidth i32)
  (local $planeWidth i32) (local $halo i32) (local $planeBytes i32) (local $planesEnd i32)
  (local $taps i32) (local $tap i32) (local $tapsEnd i32) (local $weight i32)
  (local $y i32) (local $x i32) (local $row i32) (local $band i32) (local $top i32) (local $rows i32)
  (local $from i32) (local $to i32) (local $end i32) (local $at i32) (local $line i32) (local $outputsEnd i32)
  (local $w v128)
  (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
  (local $s4 v128) (local $s5 v128) (local $s6 v128) (local $s7 v128)

  (block $theirs
    (br_if $theirs (i32.ne (i32.load offset=4 (local.get $Parameters)) (i32.const 2)))
    (br_if $theirs (i32.ne (i32.load offset=16 (local.get $Parameters)) (i32.const 1)))
    (br_if $theirs (i32.ne (i32.load offset=96 (local.get $Parameters)) (i32.const 1)))
    (br_if $theirs (local.get $first))
    (br_if $theirs (i32.ne (local.get $count) (i32.load offset=116 (local.get $Parameters))))
    (br_if $theirs (f32.ne (f32.load offset=124 (local.get $Parameters)) (f32.const 0)))
    (local.set $stride (i32.load offset=84 (local.get $Parameters)))
    (br_if $theirs (i32.ne (local.get $stride) (i32.load offset=88 (local.get $Parameters))))
    (br_if $theirs (i32.gt_u (local.get $stride) (i32.const 2)))
    (br_if $theirs (i32.gt_u (i32.load offset=120 (local.get $Parameters)) (i32.const 128)))
    (local.set $shift (i32.sub (local.get $stride) (i32.const 1)))
    (local.set $height (i32.load offset=24 (local.get $Parameters)))
    (local.set $width (i32.load offset=28 (local.get $Parameters)))
    (local.set $outHeight (i32.load offset=100 (local.get $Parameters)))
    (local.set $outWidth (i32.load offset=104 (local.get $Parameters)))

    ;; How far the last tap reaches, in a plane's columns and rows.
    (local.set $planeWidth (i32.add (local.get $outWidth) (i32.shr_u (i32.mul
      (i32.sub (i32.load offset=40 (local.get $Parameters)) (i32.const 1))
      (i32.load offset=52 (local.get $Parameters))) (local.get $shift))))
    (local.set $halo (i32.shr_u (i32.mul
      (i32.sub (i32.load offset=36 (local.get $Parameters)) (i32.const 1))
      (i32.load offset=48 (local.get $Parameters))) (local.get $shift)))
    (br_if $theirs (i32.gt_u (local.get $planeWidth) (i32.const 4096)))

    ;; As many rows as fit into 16128 floats with 64 more to read beyond the last; 128 are for the taps.
    (local.set $band (i32.div_u (i32.const 16128)
      (i32.mul (i32.mul (local.get $stride) (local.get $stride)) (local.get $planeWidth))))
    (br_if $theirs (i32.le_u (local.get $band) (local.get $halo)))
    (local.set $band (i32.sub (local.get $band) (local.get $halo)))
    (if (i32.gt_u (local.get $band) (local.get $outHeight)) (then (local.set $band (local.get $outHeight))))
    (local.set $planeBytes (i32.shl
      (i32.mul (i32.add (local.get $band) (local.get $halo)) (local.get $planeWidth)) (i32.const 2)))
    (local.set $planesEnd (i32.add (local.get $Buffer) (i32.mul (local.get $planeBytes)
      (i32.mul (local.get $stride) (local.get $stride)))))

    ;; Where each tap reads, in bytes from the output.
    (local.set $taps (i32.add (local.get $Buffer) (i32.const 65024)))
    (local.set $tap (local.get $taps))
    (loop $tapRows
      (local.set $x (i32.const 0))
      (local.set $at (i32.mul (local.get $y) (i32.load offset=48 (local.get $Parameters))))
      (loop $tapColumns
        (local.set $odd (i32.mul (local.get $x) (i32.load offset=52 (local.get $Parameters))))
        (i32.store (local.get $tap) (i32.add
          (i32.mul (local.get $planeBytes) (i32.add
            (i32.mul (i32.and (local.get $at) (local.get $shift)) (local.get $stride))
            (i32.and (local.get $odd) (local.get $shift))))
          (i32.shl (i32.add
            (i32.mul (i32.shr_u (local.get $at) (local.get $shift)) (local.get $planeWidth))
            (i32.shr_u (local.get $odd) (local.get $shift))) (i32.const 2))))
        (local.set $tap (i32.add (local.get $tap) (i32.const 4)))
        (local.set $x (i32.add (local.get $x) (i32.const 1)))
        (br_if $tapColumns (i32.lt_u (local.get $x) (i32.load offset=40 (local.get $Parameters)))))
      (local.set $y (i32.add (local.get $y) (i32.const 1)))
      (br_if $tapRows (i32.lt_u (local.get $y) (i32.load offset=36 (local.get $Parameters)))))
    (local.set $tapsEnd (local.get $tap))

    (loop $bands
      (local.set $rows (i32.sub (local.get $outHeight) (local.get $top)))
      (if (i32.gt_u (local.get $rows) (local.get $band)) (then (local.set $rows (local.get $band))))

      ;; The planes, zero where there is padding.
      (local.set $to (local.get $Buffer))
      (loop $zeros
        (v128.store (local.get $to) (v128.const i32x4 0 0 0 0))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br_if $zeros (i32.lt_u (local.get $to) (local.get $planesEnd))))
      (local.set $odd (i32.const 0))
      (loop $oddRows
        (local.set $row (i32.const 0))
        (loop $planeRows
          (local.set $y (i32.sub
            (i32.add (i32.mul (i32.add (local.get $top) (local.get $row)) (local.get $stride)) (local.get $odd))
            (i32.load offset=60 (local.get $Parameters))))
          ;; Unsigned: a row above the picture is beyond it too.
          (if (i32.lt_u (local.get $y) (local.get $height)) (then
            (local.set $at (i32.const 0))
            (loop $oddColumns
              ;; The first column of this plane that is in the picture, and the last.
              (local.set $x (i32.sub (local.get $at) (i32.load offset=64 (local.get $Parameters))))
              (local.set $to (i32.const 0))
              (if (i32.lt_s (local.get $x) (i32.const 0)) (then
                (local.set $to (i32.shr_u (i32.sub (local.get $shift) (local.get $x)) (local.get $shift)))
                (local.set $x (i32.add (local.get $x) (i32.mul (local.get $to) (local.get $stride))))))
              (local.set $end (i32.add (local.get $to) (i32.shr_s
                (i32.add (i32.sub (local.get $width) (local.get $x)) (local.get $shift)) (local.get $shift))))
              (if (i32.gt_s (local.get $end) (local.get $planeWidth)) (then (local.set $end (local.get $planeWidth))))
              (if (i32.lt_s (local.get $end) (local.get $to)) (then (local.set $end (local.get $to))))
              (local.set $from (i32.add (local.get $Input) (i32.shl
                (i32.add (i32.mul (local.get $y) (local.get $width)) (local.get $x)) (i32.const 2))))
              (local.set $line (i32.add (local.get $Buffer) (i32.add
                (i32.mul (local.get $planeBytes)
                  (i32.add (i32.mul (local.get $odd) (local.get $stride)) (local.get $at)))
                (i32.shl (i32.mul (local.get $row) (local.get $planeWidth)) (i32.const 2)))))
              (local.set $to (i32.add (local.get $line) (i32.shl (local.get $to) (i32.const 2))))
              (local.set $end (i32.add (local.get $line) (i32.shl (local.get $end) (i32.const 2))))
              (block $copied
                (if (local.get $shift)
                  (then (loop $everySecond
                    ;; Eight floats are read for four: five have to be left, lest the last be behind the picture.
                    (if (i32.lt_u (i32.add (local.get $to) (i32.const 16)) (local.get $end)) (then
                      (v128.store (local.get $to) (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27
                        (v128.load (local.get $from)) (v128.load offset=16 (local.get $from))))
                      (local.set $to (i32.add (local.get $to) (i32.const 16)))
                      (local.set $from (i32.add (local.get $from) (i32.const 32)))
                      (br $everySecond)))))
                  (else (loop $every
                    (if (i32.le_u (i32.add (local.get $to) (i32.const 16)) (local.get $end)) (then
                      (v128.store (local.get $to) (v128.load (local.get $from)))
                      (local.set $to (i32.add (local.get $to) (i32.const 16)))
                      (local.set $from (i32.add (local.get $from) (i32.const 16)))
                      (br $every))))))
                (loop $last
                  (br_if $copied (i32.ge_u (local.get $to) (local.get $end)))
                  (f32.store (local.get $to) (f32.load (local.get $from)))
                  (local.set $to (i32.add (local.get $to) (i32.const 4)))
                  (local.set $from (i32.add (local.get $from) (i32.shl (local.get $stride) (i32.const 2))))
                  (br $last)))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (br_if $oddColumns (i32.lt_u (local.get $at) (local.get $stride))))))
          (local.set $row (i32.add (local.get $row) (i32.const 1)))
          (br_if $planeRows (i32.lt_u (local.get $row) (i32.add (local.get $rows) (local.get $halo)))))
        (local.set $odd (i32.add (local.get $odd) (i32.const 1)))
        (br_if $oddRows (i32.lt_u (local.get $odd) (local.get $stride))))

      ;; The outputs, over the first plane.
      (local.set $at (local.get $Buffer))
      (local.set $outputsEnd (i32.add (local.get $Buffer)
        (i32.shl (i32.mul (local.get $rows) (local.get $planeWidth)) (i32.const 2))))
      (loop $outputs
        (local.set $s0 (v128.const f32x4 0 0 0 0))
        (local.set $s1 (v128.const f32x4 0 0 0 0))
        (local.set $s2 (v128.const f32x4 0 0 0 0))
        (local.set $s3 (v128.const f32x4 0 0 0 0))
        (local.set $s4 (v128.const f32x4 0 0 0 0))
        (local.set $s5 (v128.const f32x4 0 0 0 0))
        (local.set $s6 (v128.const f32x4 0 0 0 0))
        (local.set $s7 (v128.const f32x4 0 0 0 0))
        (local.set $tap (local.get $taps))
        (local.set $weight (local.get $Filter))
        (loop $eachTap
          (local.set $from (i32.add (local.get $at) (i32.load (local.get $tap))))
          (local.set $w (v128.load32_splat (local.get $weight)))
          (local.set $s0 (f32x4.add (local.get $s0) (f32x4.mul (v128.load offset=0 (local.get $from)) (local.get $w))))
          (local.set $s1 (f32x4.add (local.get $s1) (f32x4.mul (v128.load offset=16 (local.get $from)) (local.get $w))))
          (local.set $s2 (f32x4.add (local.get $s2) (f32x4.mul (v128.load offset=32 (local.get $from)) (local.get $w))))
          (local.set $s3 (f32x4.add (local.get $s3) (f32x4.mul (v128.load offset=48 (local.get $from)) (local.get $w))))
          (local.set $s4 (f32x4.add (local.get $s4) (f32x4.mul (v128.load offset=64 (local.get $from)) (local.get $w))))
          (local.set $s5 (f32x4.add (local.get $s5) (f32x4.mul (v128.load offset=80 (local.get $from)) (local.get $w))))
          (local.set $s6 (f32x4.add (local.get $s6) (f32x4.mul (v128.load offset=96 (local.get $from)) (local.get $w))))
          (local.set $s7 (f32x4.add (local.get $s7) (f32x4.mul (v128.load offset=112 (local.get $from)) (local.get $w))))
          (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
          (local.set $tap (i32.add (local.get $tap) (i32.const 4)))
          (br_if $eachTap (i32.lt_u (local.get $tap) (local.get $tapsEnd))))
        (v128.store offset=0 (local.get $at) (local.get $s0))
        (v128.store offset=16 (local.get $at) (local.get $s1))
        (v128.store offset=32 (local.get $at) (local.get $s2))
        (v128.store offset=48 (local.get $at) (local.get $s3))
        (v128.store offset=64 (local.get $at) (local.get $s4))
        (v128.store offset=80 (local.get $at) (local.get $s5))
        (v128.store offset=96 (local.get $at) (local.get $s6))
        (v128.store offset=112 (local.get $at) (local.get $s7))
        (local.set $at (i32.add (local.get $at) (i32.const 128)))
        (br_if $outputs (i32.lt_u (local.get $at) (local.get $outputsEnd))))

      ;; Out of the plane, without its last columns.
      (local.set $row (i32.const 0))
      (local.set $to (i32.add (local.get $Output)
        (i32.shl (i32.mul (local.get $top) (local.get $outWidth)) (i32.const 2))))
      (loop $outputRows
        (local.set $from (i32.add (local.get $Buffer)
          (i32.shl (i32.mul (local.get $row) (local.get $planeWidth)) (i32.const 2))))
        (local.set $end (i32.add (local.get $to) (i32.shl (local.get $outWidth) (i32.const 2))))
        (loop $vectors
          (if (i32.le_u (i32.add (local.get $to) (i32.const 16)) (local.get $end)) (then
            (v128.store (local.get $to) (v128.load (local.get $from)))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (local.set $from (i32.add (local.get $from) (i32.const 16)))
            (br $vectors))))
        (loop $floats
          (if (i32.lt_u (local.get $to) (local.get $end)) (then
            (f32.store (local.get $to) (f32.load (local.get $from)))
            (local.set $to (i32.add (local.get $to) (i32.const 4)))
            (local.set $from (i32.add (local.get $from) (i32.const 4)))
            (br $floats))))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br_if $outputRows (i32.lt_u (local.get $row) (local.get $rows))))
      (local.set $top (i32.add (local.get $top) (local.get $rows)))
      (br_if $bands (i32.lt_u (local.get $top) (local.get $outHeight))))

    (call $activation (i32.load (local.get $Parameters)) (local.get $Output) (local.get $Bias)
      (i32.const 1) (local.get $count) (local.get $count))
    (return))
  (call $theirs (local.get $Parameters) (local.get $Input) (local.get $Filter) (local.get $Bias) (local.get $Buffer)
    (local.get $Output) (local.get $first) (local.get $count)))

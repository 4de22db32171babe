//! Four f32 at once: WebAssembly's 128-bit vectors where the feature `simd` is on, SSE2 on x86-64, lane by lane
//! elsewhere.
//!
//! Every method is inlined into its caller, which must carry `target_feature(enable = "simd128")` on wasm32 with that
//! feature; outside such a function the instructions are calls.

#[cfg(not(any(all(target_arch = "wasm32", feature = "simd"), target_arch = "x86_64")))]
#[path = "portable.rs"]
mod arch;
#[cfg(all(target_arch = "wasm32", feature = "simd"))]
#[path = "wasm32.rs"]
mod arch;
#[cfg(target_arch = "x86_64")]
#[path = "x86_64.rs"]
mod arch;

/// Lanes of a vector.
pub const LANES: usize = 4;

/// Four f32.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F32x4(arch::Vector);

/// Four i32, or eight i16.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct I32x4(arch::Integers);

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident(self $(, $argument:ident)*);)*) => {$(
        $(#[$doc])*
        #[allow(missing_docs, reason = "arithmetic by its names")]
        #[inline(always)]
        pub fn $name(self $(, $argument: Self)*) -> Self {
            Self(arch::$name(self.0 $(, $argument.0)*))
        }
    )*};
}

// Methods by name: the operators' traits cannot be inlined always.
#[allow(clippy::should_implement_trait)]
impl F32x4 {
    methods! {
        add(self, other);
        sub(self, other);
        mul(self, other);
        div(self, other);
        /// The larger; the first where they cannot be compared.
        max(self, other);
        /// The smaller; the first where they cannot be compared.
        min(self, other);
        abs(self);
        /// The nearest whole number, for values below 2^22.
        nearest(self);
        /// `self * factor + addend`, rounded once or twice.
        mul_add(self, factor, addend);
        /// max(x, 0); NaN stays NaN.
        relu(self);
        /// `positive` where a lane is at least 0, else `negative`.
        select_by_sign(self, positive, negative);
    }

    /// The same in all lanes.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self(arch::splat(value))
    }

    /// `2^n` for whole numbers n from -126 to 127.
    #[inline(always)]
    pub fn power_of_two(self) -> Self {
        // 1.5 * 2^23 puts a small whole number into the low bits of the significand; 127 is the exponent's bias.
        const SHIFT: f32 = 12_582_912.0;
        Self(arch::shift_to_exponent(self.add(Self::splat(SHIFT + 127.0)).0))
    }

    /// # Safety
    /// Four f32 can be read at `from`, at any alignment of f32.
    #[inline(always)]
    pub unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's.
        Self(unsafe { arch::load(from) })
    }

    /// # Safety
    /// Four f32 can be written at `to`, at any alignment of f32.
    #[inline(always)]
    pub unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's.
        unsafe { arch::store(to, self.0) };
    }

    /// a0 b0 c0 a1, b1 c1 a2 b2, c2 a3 b3 c3.
    #[inline(always)]
    pub fn interleave(a: Self, b: Self, c: Self) -> [Self; 3] {
        arch::interleave(a.0, b.0, c.0).map(Self)
    }

    /// Lane 0 first.
    #[inline(always)]
    pub fn to_array(self) -> [f32; LANES] {
        let mut lanes = [0.0; LANES];
        // SAFETY: the array has four f32.
        unsafe { self.store(lanes.as_mut_ptr()) };
        lanes
    }

    /// Stores the first `count` lanes, at most four.
    ///
    /// # Safety
    /// As many f32 can be written at `to`.
    #[inline(always)]
    pub unsafe fn store_some(self, to: *mut f32, count: usize) {
        // SAFETY: the caller's.
        unsafe {
            if count >= LANES {
                self.store(to);
            } else {
                let lanes = self.to_array();
                for (lane, value) in lanes.iter().enumerate().take(count) {
                    *to.add(lane) = *value;
                }
            }
        }
    }

    /// The first `count` f32, at most four; zeros behind.
    ///
    /// # Safety
    /// As many f32 can be read at `from`.
    #[inline(always)]
    pub unsafe fn load_some(from: *const f32, count: usize) -> Self {
        // SAFETY: the caller's.
        unsafe {
            if count >= LANES {
                return Self::load(from);
            }
            let mut lanes = [0.0; LANES];
            for (lane, value) in lanes.iter_mut().enumerate().take(count) {
                *value = *from.add(lane);
            }
            Self::load(lanes.as_ptr())
        }
    }
}

impl I32x4 {
    /// The same in all lanes.
    #[inline(always)]
    pub fn splat(value: i32) -> Self {
        Self(arch::splat_integer(value))
    }

    methods! {
        /// Sums of eight i16; what does not fit wraps.
        add_shorts(self, other);
        /// The first four i16 of each in turn.
        interleave_low(self, other);
        /// The last four i16 of each in turn.
        interleave_high(self, other);
        /// Of sixteen i8 each, those of `other` not negative: eight i16, each the sum of the products of a pair.
        dot_bytes(self, other);
    }

    /// Pairs of i16 multiplied and added, and added to these four i32.
    #[inline(always)]
    pub fn dot(self, a: Self, b: Self) -> Self {
        Self(arch::dot(self.0, a.0, b.0))
    }

    /// Rounded to the nearest f32.
    #[inline(always)]
    pub fn to_float(self) -> F32x4 {
        F32x4(arch::to_float(self.0))
    }

    /// Eight i16 as f32.
    #[inline(always)]
    pub fn shorts_to_float(self) -> [F32x4; 2] {
        arch::shorts_to_float(self.0).map(F32x4)
    }

    /// # Safety
    /// Sixteen bytes can be read at `from`.
    #[inline(always)]
    pub unsafe fn load(from: *const i8) -> Self {
        // SAFETY: the caller's.
        Self(unsafe { arch::load_integers(from) })
    }

    /// # Safety
    /// Sixteen bytes can be written at `to`.
    #[inline(always)]
    pub unsafe fn store(self, to: *mut i8) {
        // SAFETY: the caller's.
        unsafe { arch::store_integers(to, self.0) };
    }

    /// Eight i8 as i16.
    ///
    /// # Safety
    /// As many can be read at `from`.
    #[inline(always)]
    pub unsafe fn load_bytes(from: *const i8) -> Self {
        // SAFETY: the caller's.
        Self(unsafe { arch::load_bytes(from) })
    }

    /// Four bytes, four times.
    ///
    /// # Safety
    /// As many can be read at `from`.
    #[inline(always)]
    pub unsafe fn load_spread(from: *const i8) -> Self {
        // SAFETY: the caller's.
        Self::splat(unsafe { from.cast::<i32>().read_unaligned() })
    }
}

impl F32x4 {
    /// The nearest whole numbers of four values below 2^22 and four others as i8, saturated.
    ///
    /// # Safety
    /// Eight bytes can be written at `to`.
    #[inline(always)]
    pub unsafe fn store_bytes(self, other: Self, to: *mut i8) {
        // SAFETY: the caller's.
        unsafe { to.cast::<i64>().write_unaligned(arch::to_bytes(self.to_whole(), other.to_whole()).to_le()) };
    }

    /// The same for these four values alone.
    ///
    /// # Safety
    /// Four bytes can be written at `to`.
    #[inline(always)]
    pub unsafe fn store_half_bytes(self, to: *mut i8) {
        let whole = self.to_whole();
        // SAFETY: the caller's.
        unsafe { to.cast::<i32>().write_unaligned((arch::to_bytes(whole, whole) as i32).to_le()) };
    }

    #[inline(always)]
    fn to_whole(self) -> arch::Integers {
        // 1.5 * 2^23 leaves no place for a fraction: the number is in the low bits.
        const SHIFT: f32 = 12_582_912.0;
        arch::subtract_integers(self.add(Self::splat(SHIFT)).0, SHIFT.to_bits() as i32)
    }

    /// Four i8 as f32.
    ///
    /// # Safety
    /// As many can be read at `from`.
    #[inline(always)]
    pub unsafe fn load_half_bytes(from: *const i8) -> Self {
        // SAFETY: the caller's.
        let bytes = unsafe { from.cast::<[i8; 4]>().read_unaligned() };
        let mut wide = [0; 8];
        wide[..4].copy_from_slice(&bytes);
        // SAFETY: there are eight.
        unsafe { I32x4::load_bytes(wide.as_ptr()) }.shorts_to_float()[0]
    }
}

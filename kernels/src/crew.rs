//! Work that several threads share: a leader and helpers over one memory.
//!
//! The leader cuts a kernel's output into parts and every thread takes the next one that is left, the leader too: a helper
//! that sleeps, comes late or is busy elsewhere costs nothing but its help. What a part computes does not depend on who
//! computes it, nor on how many parts there are, so results are those of one thread bit for bit.
//!
//! Helpers touch nothing but what a part reads and writes: they allocate nothing, so that this also holds where the standard
//! library was compiled for one thread.

use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::hint::spin_loop;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::aligned::Aligned;

/// The most threads of a crew, the leader among them.
pub const MOST_MEMBERS: usize = 16;

/// The least work of a part: about 3 µs of one thread, where handing over takes a tenth of that.
const GRAIN: usize = 64 << 10;

/// Parts for each thread, so that one that comes late takes fewer.
const PARTS_EACH: usize = 4;

/// Work that is worth the waking of helpers that sleep: about 100 µs.
const WAKING: usize = 2 << 20;

/// Looks for a part before a helper goes to sleep, and for the last parts before the leader waits.
const LOOKS: u32 = if cfg!(miri) { 20 } else { 30_000 };

/// Waits of the leader for parts that others have, about a millisecond each, after which they are taken for lost.
const MOST_WAITS: u32 = 60_000;

/// What a run says that one of its threads did not survive.
pub const LOST: &str = "one of the engine's threads ended before its part was done";

/// How the leader reaches helpers that sleep: what waits and wakes differs between platforms.
#[derive(Clone, Copy, Debug)]
pub struct Signals {
    /// Wakes all who wait for a change of this number.
    pub wake: fn(&AtomicU32),
    /// Waits about a millisecond.
    pub wait: fn(),
    /// Says once that there is work for helpers.
    pub call: fn(),
    /// Says that a thread has ended before its part was done, after which nothing is right any more; does not return where
    /// panics abort.
    pub lost: fn(),
}

/// What one part of the work does: the part, and the number of the thread that does it, 0 for the leader.
type Work<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// What the threads of a crew have in common.
#[derive(Debug)]
pub struct Shared {
    /// The number of the task, how many parts it has, and how many of them are taken: 32, 16 and 16 bits.
    order: AtomicU64,
    /// Parts that are done.
    done: AtomicU32,
    /// Written by the leader while no part is out.
    work: UnsafeCell<Option<*const Work<'static>>>,
    /// Changes when sleeping helpers are to look again.
    bell: AtomicU32,
    sleepers: AtomicU32,
    has_called: AtomicBool,
    /// A helper ended within a part.
    is_lost: AtomicBool,
    /// Parts that helpers have done.
    helped: AtomicU32,
}

// SAFETY: `work` is written only by the leader, and only while no part is out: every part that was taken is done
// (`Crew::run` waits for them), and none can be taken before `order` says so, which is stored after it. Who takes a part
// has read that `order`, so the write happened before.
unsafe impl Sync for Shared {}
// SAFETY: as above; the pointer is to what may be shared.
unsafe impl Send for Shared {}

/// A leader's handle: kernels share their work among its threads.
#[derive(Clone, Copy, Debug)]
pub struct Crew {
    members: usize,
    /// The least work of a part.
    grain: usize,
    others: Option<(&'static Shared, Signals)>,
}

/// The crew of this program.
pub static SHARED: Shared = Shared::new();

/// The end of new memory for a helper's stack, which grows downward; it is kept as long as the program.
pub fn stack() -> usize {
    /// Kernels keep some 20 kB there.
    const BYTES: usize = 256 << 10;
    let stack: &'static mut Aligned = Box::leak(Box::new(Aligned::zeros(BYTES / size_of::<f32>())));
    stack.as_mut_ptr_range().end.expose_provenance()
}

impl Shared {
    #[expect(clippy::new_without_default, reason = "it is a constant")]
    pub const fn new() -> Self {
        Self {
            order: AtomicU64::new(0),
            done: AtomicU32::new(0),
            work: UnsafeCell::new(None),
            bell: AtomicU32::new(0),
            sleepers: AtomicU32::new(0),
            has_called: AtomicBool::new(false),
            is_lost: AtomicBool::new(false),
            helped: AtomicU32::new(0),
        }
    }

    /// Does parts until there have been none for a while, as the thread of this number. Whoever called waits until
    /// [`Shared::bell`] is another number than the one returned, and calls again.
    pub fn help(&self, member: usize) -> u32 {
        let fall = Fall(&self.is_lost);
        let mut looks = 0;
        let bell = loop {
            if self.take_part(member) {
                self.helped.fetch_add(1, Ordering::Relaxed);
                looks = 0;
                continue;
            }
            looks += 1;
            if looks < LOOKS {
                spin_loop();
                continue;
            }
            let bell = self.bell.load(Ordering::SeqCst);
            // Either the leader sees a sleeper and rings, or this sees the leader's order.
            self.sleepers.store(1, Ordering::SeqCst);
            if !has_part(self.order.load(Ordering::SeqCst)) {
                break bell;
            }
            looks = 0;
        };
        core::mem::forget(fall);
        bell
    }

    /// What changes when helpers are to look again.
    pub const fn bell(&self) -> &AtomicU32 {
        &self.bell
    }

    /// Says that a helper ended within a part.
    pub fn lose(&self) {
        self.is_lost.store(true, Ordering::SeqCst);
    }

    /// How many parts helpers have done so far; wraps.
    pub fn helped(&self) -> u32 {
        self.helped.load(Ordering::Relaxed)
    }

    /// Does the next part, if one is left.
    fn take_part(&self, member: usize) -> bool {
        let mut order = self.order.load(Ordering::Acquire);
        while has_part(order) {
            match self.order.compare_exchange_weak(order, order + 1, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    let _done = Done(&self.done);
                    // SAFETY: this part is out until `done` is counted up, so the leader neither writes the cell nor
                    // returns from the call in which the work lives.
                    unsafe {
                        if let Some(work) = *self.work.get() {
                            (*work)((order & 0xffff) as usize, member);
                        }
                    }
                    return true;
                }
                Err(other) => order = other,
            }
        }
        false
    }
}

/// Whether an order has a part that is not taken.
const fn has_part(order: u64) -> bool {
    order & 0xffff < order >> 16 & 0xffff
}

/// A part is out until this is dropped, however it ends.
struct Done<'a>(&'a AtomicU32);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// A helper that unwinds is lost.
struct Fall<'a>(&'a AtomicBool);

impl Drop for Fall<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Waits, also where the leader's own part unwinds, until no part is out.
struct Rest<'a> {
    shared: &'a Shared,
    signals: Signals,
    parts: u32,
}

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        let Self { shared, signals, parts } = self;
        // Where the leader unwinds, parts that nobody took are as good as done.
        let mut order = shared.order.load(Ordering::Acquire);
        while has_part(order) {
            let all = order >> 16 & 0xffff;
            match shared.order.compare_exchange(order, order & !0xffff | all, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    shared.done.fetch_add((all - (order & 0xffff)) as u32, Ordering::Release);
                    break;
                }
                Err(other) => order = other,
            }
        }
        let (mut looks, mut waits) = (0, 0);
        while shared.done.load(Ordering::Acquire) != *parts {
            looks += 1;
            if looks < LOOKS {
                spin_loop();
                continue;
            }
            (signals.wait)();
            waits += 1;
            // A part that unwinds is done; one that aborts never is.
            if waits > MOST_WAITS || (cfg!(panic = "abort") && shared.is_lost.load(Ordering::SeqCst)) {
                shared.is_lost.store(true, Ordering::SeqCst);
                if cfg!(panic = "unwind") {
                    panic!("a thread holds on to its part");
                }
                break;
            }
        }
    }
}

impl Crew {
    /// One thread.
    pub const ALONE: Self = Self { members: 1, grain: GRAIN, others: None };

    /// The leader of so many threads, itself among them; there is one leader at a time. Helpers may come later, or never.
    ///
    /// # Panics
    /// Where these are too many.
    pub const fn new(shared: &'static Shared, signals: Signals, members: usize) -> Self {
        assert!(1 <= members && members <= MOST_MEMBERS);
        Self { members, grain: GRAIN, others: if members > 1 { Some((shared, signals)) } else { None } }
    }

    /// The same, with parts of as little work as there is: for tests.
    pub const fn eager(self) -> Self {
        Self { grain: 1, ..self }
    }

    /// How many threads there are at most.
    pub const fn members(&self) -> usize {
        self.members
    }

    /// Asks for helpers where there may be some and none were asked for, and wakes those that sleep, if so much work
    /// (multiply-accumulates, or what takes as long) is worth it.
    pub fn wake(&self, work: usize) {
        let Some((shared, signals)) = self.others.filter(|_| work >= WAKING) else { return };
        if !shared.has_called.swap(true, Ordering::SeqCst) {
            (signals.call)();
        }
        if shared.sleepers.load(Ordering::SeqCst) != 0 {
            shared.sleepers.store(0, Ordering::SeqCst);
            shared.bell.fetch_add(1, Ordering::SeqCst);
            (signals.wake)(&shared.bell);
        }
    }

    /// Cuts `units` of an output into ranges and has each of them done, by this thread alone where the work is little.
    /// `each` is given a range and the number of the thread that does it, 0 for this one.
    ///
    /// # Panics
    /// Where a thread ends before its part is done.
    #[inline]
    pub fn share(&self, units: usize, cut: Cut, each: &(impl Fn(Range<usize>, usize) + Sync)) {
        let parts = match self.others {
            None => 1,
            Some(_) => self.parts(units, cut),
        };
        if parts <= 1 {
            each(0..units, 0);
        } else {
            self.run(parts, &|part, member| each(units * part / parts..units * (part + 1) / parts, member));
        }
    }

    fn parts(&self, units: usize, cut: Cut) -> usize {
        let most = cut.blocks.clamp(self.members, self.members * PARTS_EACH);
        let worth = cut.work / self.grain;
        // One part more than there are threads would make one of them do two.
        let even = |parts: usize| if parts > self.members { parts / self.members * self.members } else { parts };
        even(units.min(worth).min(most))
    }

    fn run(&self, parts: usize, work: &Work<'_>) {
        let Some((shared, signals)) = self.others else {
            (0..parts).for_each(|part| work(part, 0));
            return;
        };
        debug_assert!(parts <= 0xffff);
        // SAFETY: no part is out: the call before waited for its own, and this is the only leader. The work lives longer
        // than `rest`, which waits until all parts of it are done; the lifetime is only forgotten.
        unsafe {
            *shared.work.get() = Some(core::mem::transmute::<*const Work<'_>, *const Work<'static>>(work));
        }
        shared.done.store(0, Ordering::Relaxed);
        let number = (shared.order.load(Ordering::Relaxed) >> 32).wrapping_add(1);
        shared.order.store(number << 32 | (parts as u64) << 16, Ordering::SeqCst);
        let rest = Rest { shared, signals, parts: parts as u32 };
        while shared.take_part(0) {}
        drop(rest);
        if shared.is_lost.load(Ordering::SeqCst) {
            (signals.lost)();
            panic!("{LOST}");
        }
    }
}

/// How an output is cut.
#[derive(Clone, Copy)]
pub struct Cut {
    /// Multiply-accumulates of all of it, or what takes as long.
    pub work: usize,
    /// No more parts than these, but for one for each thread: what is done best in one go.
    pub blocks: usize,
}

/// Memory that several threads write, none of them where another one reads or writes.
#[derive(Clone, Copy)]
pub(crate) struct Writes<T> {
    start: *mut T,
    length: usize,
}

// SAFETY: what is written through it is up to who does that, in blocks that say so.
unsafe impl<T: Send> Send for Writes<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Writes<T> {}

impl<T> Writes<T> {
    /// The memory is borrowed for as long as it is written: the caller's functions end with all parts done.
    pub(crate) fn of(values: &mut [T]) -> Self {
        Self { start: values.as_mut_ptr(), length: values.len() }
    }

    pub(crate) fn pointer(self) -> *mut T {
        self.start
    }

    /// A piece of it.
    ///
    /// # Safety
    /// The memory is still borrowed, and nobody else reads or writes this piece of it meanwhile.
    ///
    /// # Panics
    /// Where the piece is not inside.
    pub(crate) unsafe fn piece<'a>(self, range: Range<usize>) -> &'a mut [T] {
        assert!(range.start <= range.end && range.end <= self.length);
        // SAFETY: the caller's; the assertion bounds the piece.
        unsafe { core::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}

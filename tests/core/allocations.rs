//! What a thread asks of the allocator, for tests of memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no counters any more.
        let _ = HELD.try_with(|held| {
            held.set(held.get() + layout.size() as isize);
            PEAK.try_with(|peak| peak.set(peak.get().max(held.get())))
        });
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let _ = HELD.try_with(|held| held.set(held.get() - layout.size() as isize));
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What `work` gives, and the most bytes that this thread held because of it.
pub fn peak<T>(work: impl FnOnce() -> T) -> (T, isize) {
    let held = HELD.get();
    PEAK.set(held);
    let result = work();
    (result, PEAK.get() - held)
}

/// What `work` gives, the bytes that this thread holds because of it, and how often it asked for memory.
pub fn counted<T>(work: impl FnOnce() -> T) -> (T, isize, usize) {
    let (held, count) = (HELD.get(), COUNT.get());
    let result = work();
    (result, HELD.get() - held, COUNT.get() - count)
}

//! The helpers of the worker that runs networks: workers of its own over its memory, which its loader starts.
//!
//! Where a page has no memory that threads share, there is another binary without atomic instructions, and no helper.

#[cfg(target_family = "wasm")]
pub use browser::offer;

/// Has runs share their steps.
#[cfg(not(target_family = "wasm"))]
pub fn offer() {}

#[cfg(target_family = "wasm")]
mod browser {
    use convscope::job::Threads;
    use wasm_bindgen::prelude::*;

    /// Something that the loader has left in the worker's scope.
    fn left(name: &str) -> JsValue {
        js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str(name)).unwrap_or_default()
    }

    /// Has runs share their steps with as many helpers as the loader would start; it says, too, why there are none.
    pub fn offer() {
        let reason = left("oneThread").as_string().unwrap_or_default();
        Threads::offer(crew(left("threads").as_f64().unwrap_or(1.0) as usize), &reason);
    }

    #[cfg(feature = "threads")]
    use shared::crew;

    #[cfg(not(feature = "threads"))]
    fn crew(_: usize) -> convscope::engine::kernels::crew::Crew {
        convscope::engine::kernels::crew::Crew::ALONE
    }

    #[cfg(feature = "threads")]
    mod shared {
        use std::sync::atomic::AtomicU32;

        use convscope::engine::kernels::crew::{self, Crew, LOST, MOST_MEMBERS, SHARED, Signals};
        use convscope::job::{Message, News};
        use js_sys::{Atomics, Int32Array, Uint8Array};
        use wasm_bindgen::prelude::*;
        use web_sys::DedicatedWorkerGlobalScope;

        #[wasm_bindgen]
        extern "C" {
            #[wasm_bindgen(js_name = callHelpers)]
            fn call_helpers();
        }

        thread_local! {
            /// What `Atomics` sees of the memory: nothing moves in it, and statics lie where it began.
            static WORDS: Int32Array = Int32Array::new(&wasm_bindgen::memory().unchecked_into::<js_sys::WebAssembly::Memory>().buffer());
            /// Nobody changes it.
            static NOTHING: Int32Array = Int32Array::new(&js_sys::SharedArrayBuffer::new(4));
        }

        pub(super) fn crew(members: usize) -> Crew {
            let signals = Signals { wake, wait, call: call_helpers, lost };
            Crew::new(&SHARED, signals, members.clamp(1, MOST_MEMBERS))
        }

        fn wake(bell: &AtomicU32) {
            let _ = WORDS.with(|words| Atomics::notify(words, bell.as_ptr() as u32 / 4));
        }

        fn wait() {
            let _ = NOTHING.with(|nothing| Atomics::wait_with_timeout(nothing, 0, 0, 1.0));
        }

        /// All jobs have failed, and this worker with them: the page starts another one for the next.
        fn lost() {
            let message = Message::<()> { id: None, news: News::Failed(format!("Run it again: {LOST}.")) };
            let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
            let _ = scope.post_message(&Uint8Array::from(message.to_bytes().as_slice()));
            wasm_bindgen::throw_str(LOST);
        }

        /// Parts of steps, for a helper.
        #[wasm_bindgen]
        pub fn crew_help(member: usize) -> u32 {
            SHARED.help(member)
        }

        /// Where the number is whose change a helper waits for.
        #[wasm_bindgen]
        pub fn crew_bell() -> usize {
            SHARED.bell().as_ptr() as usize
        }

        /// Where a new helper's stack begins.
        #[wasm_bindgen]
        pub fn crew_stack() -> usize {
            crew::stack()
        }

        /// A helper ended in the middle of a part.
        #[wasm_bindgen]
        pub fn crew_lose() {
            SHARED.lose();
        }
    }
}

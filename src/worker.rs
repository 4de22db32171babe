//! The worker: does one job after another, and tells the page. The page ends it to cancel.

pub fn main() {
    #[cfg(target_family = "wasm")]
    browser::listen();
}

#[cfg(target_family = "wasm")]
mod browser {
    use convscope::job::{Job, Message, News};
    use js_sys::Uint8Array;
    use wasm_bindgen::prelude::*;
    use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

    /// Answers every message of the page.
    pub fn listen() {
        console_error_panic_hook::set_once();
        let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
        let answer = Closure::<dyn FnMut(MessageEvent)>::new({
            let scope = scope.clone();
            move |event: MessageEvent| answer(&scope, &event)
        });
        // Events that came before are sent again by the loader, so a listener hears them too.
        let _ = scope.add_event_listener_with_callback("message", answer.as_ref().unchecked_ref());
        answer.forget();
    }

    fn answer(scope: &DedicatedWorkerGlobalScope, event: &MessageEvent) {
        let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else { return };
        let mut tell = |message: Message| {
            let bytes = Uint8Array::from(message.to_bytes().as_slice());
            let _ = scope.post_message(&bytes);
        };
        match Job::from_bytes(&bytes.to_vec()) {
            Ok(job) => job.execute(&mut now, &mut tell),
            Err(error) => tell(Message { id: 0, news: News::Failed(error.to_string()) }),
        }
    }

    /// Milliseconds.
    fn now() -> f64 {
        #[wasm_bindgen]
        extern "C" {
            #[wasm_bindgen(js_namespace = performance, js_name = now)]
            fn performance_now() -> f64;
        }
        performance_now()
    }
}

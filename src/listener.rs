//! What all workers share: one job after another is done, and the page told. The page ends a worker to cancel.

use convscope::job::{Clock, Job, Tell};

/// Answers every message of the page with what `execute` tells.
#[cfg_attr(not(target_family = "wasm"), allow(unused_variables))]
pub fn listen(execute: fn(&Job, Clock<'_>, Tell<'_>)) {
    #[cfg(target_family = "wasm")]
    browser::listen(execute);
}

#[cfg(target_family = "wasm")]
mod browser {
    use convscope::job::{Clock, Job, Message, News, Tell};
    use js_sys::Uint8Array;
    use wasm_bindgen::prelude::*;
    use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

    pub fn listen(execute: fn(&Job, Clock<'_>, Tell<'_>)) {
        console_error_panic_hook::set_once();
        let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
        let answer = Closure::<dyn FnMut(MessageEvent)>::new({
            let scope = scope.clone();
            move |event: MessageEvent| answer(&scope, &event, execute)
        });
        // Events that came before are sent again by the loader, so a listener hears them too.
        let _ = scope.add_event_listener_with_callback("message", answer.as_ref().unchecked_ref());
        answer.forget();
    }

    fn answer(scope: &DedicatedWorkerGlobalScope, event: &MessageEvent, execute: fn(&Job, Clock<'_>, Tell<'_>)) {
        let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else { return };
        let mut tell = |message: Message| {
            let bytes = Uint8Array::from(message.to_bytes().as_slice());
            let _ = scope.post_message(&bytes);
        };
        match Job::from_bytes(&bytes.to_vec()) {
            Ok(job) => execute(&job, &mut now, &mut tell),
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

//! What all workers share: one job after another is done, and the page told. The page stops a job that pauses, and ends
//! a worker whose jobs do not.

use convscope::job::{Clock, Job};
use serde::de::DeserializeOwned;

/// Answers every job of the page with the messages that `execute` tells, as bytes.
#[cfg_attr(not(target_family = "wasm"), allow(unused_variables))]
pub fn listen<T: DeserializeOwned + 'static>(
    execute: impl AsyncFn(Job<T>, Clock<'_>, &mut dyn FnMut(&[u8])) + Copy + 'static,
) {
    #[cfg(target_family = "wasm")]
    browser::listen(execute);
}

#[cfg(target_family = "wasm")]
mod browser {
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::rc::Rc;
    use std::task::{Context, Poll, Waker};

    use convscope::job::{Clock, Control, Job, Message, News, STOP};
    use js_sys::Uint8Array;
    use serde::de::DeserializeOwned;
    use wasm_bindgen::prelude::*;
    use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

    /// What is to be done, and what of it is under way.
    struct Desk<T, Start> {
        waiting: VecDeque<Job<T>>,
        under_way: Option<Pin<Box<dyn Future<Output = ()>>>>,
        start: Start,
        /// A message to itself comes back after what the page has sent meanwhile.
        later: MessageChannel,
        /// Whether one is on its way.
        is_awaited: bool,
        /// Whether the page has said to wait.
        is_paused: bool,
    }

    pub fn listen<T: DeserializeOwned + 'static>(
        execute: impl AsyncFn(Job<T>, Clock<'_>, &mut dyn FnMut(&[u8])) + Copy + 'static,
    ) {
        console_error_panic_hook::set_once();
        let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
        let start = {
            let scope = scope.clone();
            move |job: Job<T>| -> Pin<Box<dyn Future<Output = ()>>> {
                let scope = scope.clone();
                Box::pin(async move { execute(job, &mut now, &mut |message| tell(&scope, message)).await })
            }
        };
        let later = MessageChannel::new().expect("every worker can make channels");
        let desk =
            Desk { waiting: VecDeque::new(), under_way: None, start, later, is_awaited: false, is_paused: false };
        let desk = Rc::new(RefCell::new(desk));
        let go_on = Closure::<dyn FnMut()>::new({
            let desk = desk.clone();
            move || desk.borrow_mut().go_on()
        });
        desk.borrow().later.port1().set_onmessage(Some(go_on.as_ref().unchecked_ref()));
        go_on.forget();
        let take = Closure::<dyn FnMut(MessageEvent)>::new({
            let scope = scope.clone();
            move |event: MessageEvent| take(&scope, &event, &mut desk.borrow_mut())
        });
        // Events that came before are sent again by the loader, so a listener hears them too.
        let _ = scope.add_event_listener_with_callback("message", take.as_ref().unchecked_ref());
        take.forget();
    }

    fn take<T: DeserializeOwned, Start>(
        scope: &DedicatedWorkerGlobalScope,
        event: &MessageEvent,
        desk: &mut Desk<T, Start>,
    ) {
        if let Some(control) = event.data().as_string().as_deref().and_then(Control::of) {
            let goes_on = control.take();
            desk.is_paused = goes_on.map_or(desk.is_paused, |goes_on| !goes_on);
            if !desk.is_paused && desk.under_way.is_some() {
                desk.call_later();
            }
            return;
        }
        let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else { return };
        let bytes = bytes.to_vec();
        if bytes == STOP {
            desk.waiting.clear();
            desk.under_way = None;
            desk.is_paused = false;
            return;
        }
        match Job::from_bytes(&bytes) {
            Ok(job) => {
                desk.waiting.push_back(job);
                desk.is_paused = false;
                desk.call_later();
            }
            Err(error) => {
                let message = Message::<()> { id: None, news: News::Failed(error.to_string()) };
                tell(scope, &message.to_bytes());
            }
        }
    }

    impl<T, Start> Desk<T, Start> {
        fn call_later(&mut self) {
            self.is_awaited = self.is_awaited || self.later.port2().post_message(&JsValue::NULL).is_ok();
        }
    }

    impl<T, Start: Fn(Job<T>) -> Pin<Box<dyn Future<Output = ()>>>> Desk<T, Start> {
        /// Goes on with the job under way until it pauses, or with the next one.
        fn go_on(&mut self) {
            self.is_awaited = false;
            if self.is_paused {
                return;
            }
            let next = self.under_way.take().or_else(|| self.waiting.pop_front().map(&self.start));
            let Some(mut job) = next else { return };
            if job.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Pending {
                self.under_way = Some(job);
            }
            // After one step it waits for the next word.
            self.is_paused = Control::takes_wait() && self.under_way.is_some();
            if self.under_way.is_some() || !self.waiting.is_empty() {
                self.call_later();
            }
        }
    }

    fn tell(scope: &DedicatedWorkerGlobalScope, message: &[u8]) {
        let bytes = Uint8Array::from(message);
        let _ = scope.post_message(&bytes);
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

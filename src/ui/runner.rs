//! A worker of the page: one at a time, ended to cancel.

use std::marker::PhantomData;

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker};

use crate::job::{Control, Job, Message, News, Request, STOP, Simd};

/// Starts jobs in a worker and hands on their news. `Copy`: a handle.
pub struct Runner<T: Request> {
    worker: StoredValue<Option<Worker>, LocalStorage>,
    next: StoredValue<u32>,
    hear: Callback<Message<T::Reply>>,
    request: PhantomData<fn() -> T>,
}

impl<T: Request> Clone for Runner<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Request> Copy for Runner<T> {}

/// The vector instructions of this browser's WebAssembly.
pub fn simd() -> Simd {
    // The head of a module with one function that gives a vector, and of two such functions: i8x16.popcnt of a splat,
    // and i8x16.relaxed_swizzle of two.
    const HEAD: [u8; 20] = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10];
    let validates = |body: &[u8]| {
        let mut module = HEAD.to_vec();
        module.extend([body.len() as u8 + 4, 1, body.len() as u8 + 2, 0]);
        module.extend(body);
        module.push(11);
        js_sys::WebAssembly::validate(&js_sys::Uint8Array::from(module.as_slice())).unwrap_or(false)
    };
    if validates(&[65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2]) {
        Simd::Relaxed
    } else if validates(&[65, 0, 253, 15, 253, 98]) {
        Simd::Plain
    } else {
        Simd::None
    }
}

impl<T: Request> Runner<T> {
    pub fn new(hear: Callback<Message<T::Reply>>) -> Self {
        Self { worker: StoredValue::new_local(None), next: StoredValue::new(1), hear, request: PhantomData }
    }

    /// Sends a job; its id comes back with its news. Several wait for one another.
    pub fn start(&self, task: T) -> u32 {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        let job = Job { id, task: T::Wire::from(task) };
        if self.worker.with_value(Option::is_none) {
            match self.spawn() {
                Ok(worker) => self.worker.set_value(Some(worker)),
                Err(_) => {
                    let words = "This browser did not start a worker.".to_string();
                    // Who started the job does not know its id yet.
                    let hear = self.hear;
                    queue_microtask(move || hear.run(Message { id: Some(id), news: News::Failed(words) }));
                    return id;
                }
            }
        }
        self.send(&job.to_bytes());
        id
    }

    /// Stops the jobs of a worker that can pause, within milliseconds, and keeps it. A worker that is ended may go on
    /// for two seconds, as browsers first let it finish what it does.
    pub fn stop(&self) {
        self.send(STOP);
    }

    /// Says a word to the worker while its job goes on.
    pub fn control(&self, control: Control) {
        self.worker.with_value(|worker| {
            if let Some(worker) = worker {
                let _ = worker.post_message(&JsValue::from_str(&control.word()));
            }
        });
    }

    fn send(&self, bytes: &[u8]) {
        self.worker.with_value(|worker| {
            if let Some(worker) = worker {
                let _ = worker.post_message(&js_sys::Uint8Array::from(bytes));
            }
        });
    }

    /// Ends the worker and whatever it does.
    pub fn cancel(&self) {
        if let Some(worker) = self.worker.try_update_value(Option::take).flatten() {
            // A worker that ends while it still loads reports that as an error, when another one may be at work.
            worker.set_onerror(None);
            worker.set_onmessage(None);
            worker.terminate();
        }
    }

    fn spawn(&self) -> Result<Worker, JsValue> {
        let build = document()
            .query_selector("meta[name='build']")
            .ok()
            .flatten()
            .and_then(|meta| meta.get_attribute("content"))
            .unwrap_or_default();
        let binary = T::BINARY.file(simd()).ok_or_else(|| JsValue::from_str("no SIMD"))?;
        let worker = Worker::new(&format!("./{build}/{binary}_loader.js"))?;
        let hear = self.hear;
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Ok(bytes) = event.data().dyn_into::<js_sys::Uint8Array>()
                && let Ok(message) = Message::from_bytes(&bytes.to_vec())
            {
                hear.run(message);
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
        let runner = *self;
        let on_error = Closure::<dyn FnMut(JsValue)>::new(move |_| {
            runner.cancel();
            let words = "The worker stopped: this may need more memory than the browser gives.".to_string();
            hear.run(Message { id: None, news: News::Failed(words) });
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        on_error.forget();
        Ok(worker)
    }
}

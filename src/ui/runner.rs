//! A worker of the page: one at a time, ended to cancel.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker};

use crate::job::{Job, Message, News, Task};

/// Starts jobs in a worker and hands on their news. `Copy`: a handle.
#[derive(Clone, Copy)]
pub struct Runner {
    /// The binary: `worker`, `importer`.
    binary: &'static str,
    worker: StoredValue<Option<Worker>, LocalStorage>,
    next: StoredValue<u32>,
    hear: Callback<Message>,
}

impl Runner {
    pub fn new(binary: &'static str, hear: Callback<Message>) -> Self {
        Self { binary, worker: StoredValue::new_local(None), next: StoredValue::new(1), hear }
    }

    /// Sends a job; its id comes back with its news. Several wait for one another.
    pub fn start(&self, task: Task) -> u32 {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        let job = Job { id, task };
        if self.worker.with_value(Option::is_none) {
            match self.spawn() {
                Ok(worker) => self.worker.set_value(Some(worker)),
                Err(_) => {
                    let words = "This browser did not start a worker.".to_string();
                    self.hear.run(Message { id, news: News::Failed(words) });
                    return id;
                }
            }
        }
        let bytes = js_sys::Uint8Array::from(job.to_bytes().as_slice());
        self.worker.with_value(|worker| {
            if let Some(worker) = worker {
                let _ = worker.post_message(&bytes);
            }
        });
        id
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
        let worker = Worker::new(&format!("./{build}/{}_loader.js", self.binary))?;
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
            hear.run(Message { id: 0, news: News::Failed(words) });
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        on_error.forget();
        Ok(worker)
    }
}

//! The works that are kept between visits, as `database.js` keeps them.

use wasm_bindgen::prelude::*;

use crate::page::opening::Kept;

#[wasm_bindgen(raw_module = "./database.js")]
extern "C" {
    type Record;

    #[wasm_bindgen(method, getter)]
    fn id(this: &Record) -> String;
    #[wasm_bindgen(method, getter)]
    fn link(this: &Record) -> String;
    #[wasm_bindgen(method, getter)]
    fn address(this: &Record) -> String;
    #[wasm_bindgen(method, getter, js_name = isOwn)]
    fn is_own(this: &Record) -> bool;
    #[wasm_bindgen(method, getter)]
    fn saved(this: &Record) -> f64;
    #[wasm_bindgen(method, getter)]
    fn title(this: &Record) -> String;

    #[wasm_bindgen(catch, js_name = keptAtFirst)]
    async fn kept_at_first() -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = keptNow)]
    async fn kept_now() -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = keep)]
    async fn put(id: &str, link: &str, address: &str, is_own: bool, saved: f64, title: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(catch, js_name = forget)]
    async fn delete(ids: Vec<String>) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = claim)]
    async fn claim_alone(id: &str) -> JsValue;
    fn reason(error: &JsValue) -> String;

    /// An id that no other work has.
    #[wasm_bindgen(js_name = newId)]
    pub fn new_id() -> String;

    /// Whether tabs can tell who has a work.
    #[wasm_bindgen(js_name = hasLocks)]
    pub fn has_locks() -> bool;

    /// A time in milliseconds since 1970 in the person's own words.
    #[wasm_bindgen(js_name = localTime)]
    pub fn local_time(milliseconds: f64) -> String;
}

/// Why the browser keeps nothing, by its own name for it: `QuotaExceededError`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotKept(pub String);

impl NotKept {
    fn new(error: JsValue) -> Self {
        Self(reason(&error))
    }
}

/// What was kept when the page was opened.
///
/// # Errors
/// Where the browser keeps nothing for this page.
pub async fn at_first() -> Result<Vec<Kept>, NotKept> {
    kept_at_first().await.map(read).map_err(NotKept::new)
}

/// What is kept now.
///
/// # Errors
/// As [`at_first`].
pub async fn now() -> Result<Vec<Kept>, NotKept> {
    kept_now().await.map(read).map_err(NotKept::new)
}

/// Keeps a work in place of what was kept of it.
///
/// # Errors
/// As [`at_first`], and where the storage is full.
pub async fn keep(work: Kept) -> Result<(), NotKept> {
    let Kept { id, link, address, is_own, saved, title } = work;
    put(&id, &link, &address, is_own, saved as f64, &title).await.map_err(NotKept::new)
}

/// Keeps these no longer.
pub async fn forget(ids: Vec<String>) {
    if !ids.is_empty() {
        // They are asked for again next time.
        let _ = delete(ids).await;
    }
}

/// Whether this tab alone has the work from now on.
pub async fn claim(id: &str) -> bool {
    claim_alone(id).await.is_truthy()
}

fn read(records: JsValue) -> Vec<Kept> {
    let records = records.unchecked_into::<js_sys::Array>();
    let kept = |record: JsValue| {
        let record = record.unchecked_into::<Record>();
        Kept {
            id: record.id(),
            link: record.link(),
            address: record.address(),
            is_own: record.is_own(),
            saved: record.saved() as u64,
            title: record.title(),
        }
    };
    records.iter().map(kept).collect()
}

//! Memory that threads share, on hosts that do not send the headers for it: the service worker adds them where a person wishes
//! it (`src/site/sw.js`). The page is loaded again once, for the wish; never by itself, and never in another one's frame.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

/// The service worker looks whether there is a cache of this name.
const WISH: &str = "isolation";
/// For how it looks in this tab: that it has been wished for.
const WISHED: &str = "convscope.isolation";

fn get(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &JsValue::from_str(name)).unwrap_or_default()
}

/// Whether a wish would change anything.
fn can_wish() -> bool {
    let page = JsValue::from(window());
    let is_isolated = get(&page, "crossOriginIsolated").is_truthy();
    let is_framed = get(&page, "top") != page;
    !is_isolated && !is_framed && get(&get(&get(&page, "navigator"), "serviceWorker"), "controller").is_truthy()
}

fn storage() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}

/// Opens the cache that is the wish, and loads the page again.
fn wish() {
    let caches = get(&JsValue::from(window()), "caches");
    let Ok(open) = get(&caches, "open").dyn_into::<js_sys::Function>() else { return };
    let Ok(opened) = open.call1(&caches, &JsValue::from_str(WISH)) else { return };
    if let Some(storage) = storage() {
        let _ = storage.set_item(WISHED, "1");
    }
    leptos::task::spawn_local(async move {
        if wasm_bindgen_futures::JsFuture::from(js_sys::Promise::from(opened)).await.is_ok() {
            let _ = window().location().reload();
        }
    });
}

#[component]
pub fn Isolation() -> impl IntoView {
    let was_wished = storage().and_then(|storage| storage.get_item(WISHED).ok().flatten()).is_some();
    match (can_wish(), was_wished) {
        (false, _) => ().into_any(),
        (true, true) => {
            view! { <span class="muted" data-testid="isolation">"This browser keeps to one thread here."</span> }
                .into_any()
        }
        (true, false) => view! {
            <button
                class="button"
                data-testid="isolation"
                title="Networks then run on all cores. Loads the page again, once; what stands on it stays."
                on:click=move |_| wish()
            >
                "Use all cores"
            </button>
        }
        .into_any(),
    }
}

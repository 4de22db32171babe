//! Files to take away.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Saves what an address holds under a name.
pub fn save(name: &str, address: &str) {
    let Ok(link) = document().create_element("a") else { return };
    let _ = link.set_attribute("download", name);
    let _ = link.set_attribute("href", address);
    if let Some(link) = link.dyn_ref::<web_sys::HtmlElement>() {
        link.click();
    }
}

/// An address that holds a text.
pub fn text_address(kind: &str, text: &str) -> String {
    format!("data:{kind};charset=utf-8,{}", String::from(js_sys::encode_uri_component(text)))
}

/// An address that holds bytes, until the page is closed.
pub fn bytes_address(bytes: &[u8]) -> Option<String> {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let blob = web_sys::Blob::new_with_u8_array_sequence(&parts).ok()?;
    web_sys::Url::create_object_url_with_blob(&blob).ok()
}

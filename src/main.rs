//! The page: shows the app.

fn main() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        // src/start.js shows it.
        let _ = js_sys::Reflect::set(&js_sys::global(), &"convscopePanic".into(), &panic.to_string().into());
    }));
    wasm_bindgen_futures::spawn_local(convscope::ui::start());
}

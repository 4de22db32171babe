//! The worker that reads PyTorch source.
fn main() {
    console_error_panic_hook::set_once();
}

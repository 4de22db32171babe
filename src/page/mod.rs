//! The page's logic without a page: what it opens, keeps and remembers. No DOM and no leptos, so that a native test can
//! play through in milliseconds what otherwise takes a browser.

pub mod address;
pub mod opening;

//! The page's logic, without a page.

mod address;
mod opening;

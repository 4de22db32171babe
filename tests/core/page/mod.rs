//! The page's logic, without a page.

mod address;
mod drafts;
mod editor;
mod maps;
mod modules;
mod notation;
mod opening;
mod pointing;
mod row;
mod runs;
mod several;
mod train;
mod window;

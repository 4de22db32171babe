//! The native tests of the core.

//! What a network is: plain data.

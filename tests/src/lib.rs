//! Holds the one integration test binary, `it`, and worlds with known truth that others draw from as well.

pub mod gateway;

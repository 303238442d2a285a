//! Routers that leave an experiment: trained as in its cells, saved with a card that says who may encode for them.

mod encoder_of;
mod train;

pub use train::Training;

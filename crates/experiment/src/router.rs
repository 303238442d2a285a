//! Routers that leave an experiment: trained as in its cells, saved with a card that says who may encode for them.

mod encoder_of;
mod learning;
mod train;

pub use learning::{LearningError, LearningRouter};
pub use train::Training;

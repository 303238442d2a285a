//! Drawing that knows nothing of routing: shapes on a page, axes, panels, legends, and the two file formats.

pub(crate) mod axis;
pub(crate) mod diverging;
pub(crate) mod format;
pub(crate) mod labels;
pub(crate) mod legend;
pub(crate) mod mark;
pub(crate) mod paint;
mod palette;
pub(crate) mod panel;
pub(crate) mod scene;
pub(crate) mod text;

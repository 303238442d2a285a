//! What users are promised. One line for each subject.

mod real_rows;
mod shifts;
mod support;

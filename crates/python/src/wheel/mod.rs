//! The module and its parts.

mod arrays;
mod contexts;
mod environment;
mod factory;
mod json;
mod log;
mod policy;
mod results;
mod router;
mod run;
mod table;

use pyo3::prelude::*;

/// A laboratory for LLM routing: which of K language models should answer a prompt, when only the answer of the model that
/// was asked is ever seen, and each request says how much quality matters against cost.
///
/// run(config) computes an experiment, load(folder) reads one, train(config, policy, out) saves a router and
/// Router(file) routes with it. ope(log) and decide(log) say what others would have earned on a production log, and whether to
/// switch. A class with choose, learn and decide is a policy, a function that makes arrays from a
/// seed is a world; both are handed to run and named in the configuration.
#[pymodule]
mod barp {
    #[pymodule_export]
    use super::contexts::{Contexts, Feedback, Task};
    #[pymodule_export]
    use super::log::{decide, ope};
    #[pymodule_export]
    use super::results::{Results, load};
    #[pymodule_export]
    use super::router::{Router, train};
    #[pymodule_export]
    use super::run::run;
    #[pymodule_export]
    use super::table::Table;

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "the name that Python expects")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}

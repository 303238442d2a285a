//! A laboratory for LLM routing: which model should answer a prompt, when only the answer of the chosen model is observed?
//!
//! This library is one name for the crates of the laboratory. An experiment is a configuration in TOML; a [`Plan`] is that
//! configuration checked; a run computes the cells of a plan into a folder. This program asks what BaRP earns beside the
//! best single model, and reads one number of the answer:
//!
//! ```
//! use barp::experiment::{Options, Spec, run};
//! use barp::report::summary;
//! use barp::store::Folder;
//! use std::sync::atomic::AtomicBool;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = r#"
//!     name = "first"
//!     replicates = 2
//!
//!     [[environment]]
//!     kind = "calibrated"   # a generator fitted to RouterBench
//!     rows = 200
//!
//!     [[policy]]
//!     kind = "barp"
//!     epochs = 2
//!
//!     [[policy]]
//!     kind = "best-single"
//! "#;
//! let plan = Spec::parse(config, "first.toml")?.plan()?;
//! assert_eq!(plan.cells().len(), 4, "two policies, two replicates");
//!
//! let place = tempfile::tempdir()?;
//! let folder = Folder::new(place.path());
//! let done = run(&plan, &folder, &Options::default(), &AtomicBool::new(false), |_| ())?;
//!
//! let rows = summary(&done.manifest, &folder.runs(&done.manifest)?)?;
//! let reward = rows.iter().find(|row| &*row.policy == "barp" && &*row.metric == "sweep_reward").ok_or("no such row")?;
//! println!("BaRP earns {:.3} a request, for {} outcomes", reward.value, reward.outcomes);
//! assert!(reward.value > -1.0 && reward.value < 1.0 && reward.outcomes > 0.0);
//! # Ok(())
//! # }
//! ```
//!
//! Where to go on, by what you want to do:
//!
//! | to | see | run |
//! |---|---|---|
//! | write a policy | [`routing::Policy`], [`experiment::PolicyExtension`] | `cargo run --release --example policy` |
//! | write a world | [`environments::Environment`], [`experiment::EnvironmentExtension`] | `cargo run --release --example world` |
//! | route prompts with a saved router | [`deployment::Deployment`] | `cargo run --release --example route` |
//! | read results | [`store::Frame`], [`store::SummaryRow`] | `cargo run --release --example read_results` |
//!
//! The command line is the default feature `cli`. A library is built without it: `default-features = false`.
//!
//! [`Plan`]: experiment::Plan

#[doc(inline)]
pub use ::{deployment, encoder, environments, experiment, metrics, policies, report, routing, statistics, store};
/// The parameters of policies and worlds are values of this crate.
pub use serde_json;

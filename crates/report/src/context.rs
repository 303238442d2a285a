//! What is said about a run on every chart, table and page.

/// What a report must say about the run it reports on.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// The command that redraws the charts.
    pub command: String,
    /// Whether outcomes came from a generator rather than from recorded rows.
    pub simulated: bool,
    /// Name of the experiment.
    pub experiment: String,
}

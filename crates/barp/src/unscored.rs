//! Whether the scores of a policy stand on only some of its choices, from the summary alone.

use store::SummaryRow;
use store::words::{self, metric};

/// Share of choices without a recorded outcome above which a user is told.
const MANY: f64 = 0.1;

/// A sentence for each policy of whose choices, at some preference or over an online run, more than a tenth have no recorded
/// outcome.
pub(crate) fn warnings(rows: &[SummaryRow]) -> Vec<String> {
    // In the order of the summary, which does not depend on labels.
    let mut most: Vec<((&str, &str), f64)> = Vec::new();
    let told =
        |row: &&SummaryRow| row.metric == metric::UNSCORED_SHARE && row.task == words::ALL_TASKS && row.value > MANY;
    for row in rows.iter().filter(told) {
        let key = (row.environment.as_str(), row.policy.as_str());
        match most.iter_mut().find(|(known, _)| *known == key) {
            Some((_, share)) => *share = share.max(row.value),
            None => most.push((key, row.value)),
        }
    }
    let sentence = |((environment, policy), share): ((&str, &str), f64)| {
        let percent = 100.0 * share;
        format!(
            "few outcomes: nobody recorded what up to {percent:.0} % of the choices of {policy} would have brought, and its \
             scores stand on the others ({environment})"
        )
    };
    most.into_iter().map(sentence).collect()
}

//! The words of stored rows that more than one crate spells: phases, metrics, the task that stands for all.
//!
//! Who writes a row and who reads it may not know each other; both know this page. What only its own file spells, such as a
//! metric that no chart draws, has no word here.

/// The task that stands for the mix of all.
pub const ALL_TASKS: &str = "all";

/// The task under which a claim means every task alike.
pub const MEAN_TASK: &str = "mean";

/// When a number was measured.
pub mod phase {
    /// On the test split.
    pub const TEST: &str = "test";
    /// On the validation split, while a policy learns.
    pub const VALIDATION: &str = "validation";
    /// While a policy learns, in decision logs.
    pub const TRAINING: &str = "training";
    /// Since the first round of an online run.
    pub const ONLINE: &str = "online";
    /// Since the last checkpoint of an online run.
    pub const BUCKET: &str = "bucket";
    /// Over a whole online run.
    pub const WHOLE: &str = "whole";
    /// What a shift of a factorial changes.
    pub const EFFECT: &str = "effect";
    /// Of a data set, before anything runs.
    pub const DATA: &str = "data";
    /// Of a log, of which each row shows one model.
    pub const LOG: &str = "log";

    /// The phases of [`visit`] and [`decile`], as they begin.
    const VISIT: &str = "phase";
    const DECILE: &str = "decile";

    /// The part of an online run between two changes of the world, from 1.
    pub fn visit(number: usize) -> String {
        format!("{VISIT} {number}")
    }

    /// The tenth of the requests of which a router expected so much, from 1 (least) to 10.
    pub fn decile(number: usize) -> String {
        format!("{DECILE} {number:02}")
    }

    /// Whether `word` is a phase.
    pub fn is_known(word: &str) -> bool {
        let numbered = |prefix: &str| {
            let number = word.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(' '));
            number.is_some_and(|number| number.parse::<u32>().is_ok())
        };
        numbered(VISIT) || numbered(DECILE) || all().iter().any(|(known, _)| known == word)
    }

    /// Every phase with what it means, numbered ones by their first.
    pub fn all() -> Vec<(String, &'static str)> {
        let plain = [
            (TEST, "on the test split, after training"),
            (VALIDATION, "on the validation split, while the policy learns"),
            (TRAINING, "while the policy learns (decision logs alone)"),
            (ONLINE, "online, since the first round"),
            (BUCKET, "online, since the last checkpoint"),
            (WHOLE, "over the whole online run"),
            (EFFECT, "what a shift of a factorial, or two of them together (`a x b`), changes"),
            (DATA, "of a data set, before anything runs"),
            (LOG, "of a log, of which each row shows one model"),
        ];
        let numbered = [
            (visit(1), "online, from one change of the world to the next, and so on"),
            (decile(1), "the tenth of the test requests of which the router expected least, to `decile 10`: most"),
        ];
        plain.into_iter().map(|(phase, meaning)| (phase.to_owned(), meaning)).chain(numbered).collect()
    }
}

/// What is measured, where others than the metric's own file name it.
pub mod metric {
    /// Mean reward at one weight on cost.
    pub const REWARD: &str = "reward";
    /// Mean reward over the grid of weights on cost.
    pub const SWEEP_REWARD: &str = "sweep_reward";
    /// Mean score.
    pub const QUALITY: &str = "quality";
    /// Mean dollars of a call.
    pub const COST: &str = "cost_usd";
    /// Reward lost to the best model of each request.
    pub const REGRET: &str = "regret";
    /// Share of the requests that a model got.
    pub const ARM_SHARE: &str = "arm_share";
    /// Entropy of the choices.
    pub const CHOICE_ENTROPY: &str = "choice_entropy";
    /// Mean time to an answer.
    pub const LATENCY: &str = "latency_s";
    /// 95th percentile of it.
    pub const LATENCY_P95: &str = "latency_p95_s";
    /// Share of choices of which nobody recorded the outcome.
    pub const UNSCORED_SHARE: &str = "unscored_share";
    /// Mean reward that a router expected of its choices.
    pub const EXPECTED_REWARD: &str = "expected_reward";
    /// How far what was obtained lies from what was expected.
    pub const CALIBRATION_ERROR: &str = "calibration_error";
    /// What of that is chance.
    pub const CALIBRATION_CHANCE: &str = "calibration_chance";
    /// Regret within a phase.
    pub const PHASE_REGRET: &str = "phase_regret";
    /// Regret against the best fixed model of each phase.
    pub const DYNAMIC_REGRET: &str = "dynamic_regret";
    /// Rounds until a policy recovered from a change, right-censored.
    pub const RECOVERY_ROUNDS: &str = "recovery_rounds";
    /// Whether the recovery was seen.
    pub const RECOVERED: &str = "recovered";
    /// Median of [`RECOVERY_ROUNDS`].
    pub const RECOVERY_MEDIAN: &str = "recovery_median";
    /// Share that has not recovered.
    pub const RECOVERY_CURVE: &str = "recovery_curve";
    /// Rounds until a policy raised an alarm, right-censored.
    pub const DETECTION_DELAY: &str = "detection_delay";
    /// Whether the alarm was seen.
    pub const DETECTED: &str = "detected";
    /// Median of [`DETECTION_DELAY`].
    pub const DETECTION_MEDIAN: &str = "detection_median";
    /// Share that has raised no alarm.
    pub const DETECTION_CURVE: &str = "detection_curve";
    /// Share of prompts on which a model is the cheapest of the best.
    pub const ORACLE_SHARE: &str = "oracle_share";
    /// Share of a log's requests that a model answered.
    pub const LOGGED_SHARE: &str = "logged_share";

    /// Least and most that a metric can be, whatever is measured: intervals are kept within. Differences have twice the width.
    pub fn range(metric: &str) -> (f64, f64) {
        match metric {
            REWARD | SWEEP_REWARD | EXPECTED_REWARD => (-1.0, 1.0),
            QUALITY | ARM_SHARE | UNSCORED_SHARE | RECOVERED | DETECTED | RECOVERY_CURVE | DETECTION_CURVE
            | ORACLE_SHARE | LOGGED_SHARE => (0.0, 1.0),
            COST | REGRET | CHOICE_ENTROPY | LATENCY | LATENCY_P95 | CALIBRATION_ERROR | CALIBRATION_CHANCE
            | PHASE_REGRET | RECOVERY_ROUNDS | DETECTION_DELAY => (0.0, f64::INFINITY),
            // Of the field: shares and losses of scores; bits.
            "rci" | "aurc" | "brier" => (0.0, 1.0),
            "router_eval_ep_drawn" => (0.0, f64::INFINITY),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::phase;

    #[test]
    fn numbered_phases_sort_as_they_are_counted() {
        assert_eq!((phase::visit(2), phase::decile(3)), ("phase 2".to_owned(), "decile 03".to_owned()));
        assert!(phase::decile(9) < phase::decile(10));
    }

    #[test]
    fn no_two_phases_share_a_word() {
        let mut words: Vec<String> = phase::all().into_iter().map(|(word, _)| word).collect();
        let count = words.len();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), count);
    }
}

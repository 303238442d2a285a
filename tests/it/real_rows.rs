//! On the real rows our numbers land where an independent implementation put them (`shared/data/README.md`).

use crate::support::{results, shared};

/// Policy, and the range of the mean of its `sweep_reward` over three splits: the reference table's spread of seeds, plus
/// the spread between splits that the reference's three did not show (.004).
const REFERENCE: &[(&str, f64, f64)] = &[
    ("oracle", 0.391, 0.409),
    ("best-per-task", 0.313, 0.325),
    ("knn", 0.313, 0.324),
    ("barp", 0.310, 0.320),
    ("barp-full", 0.308, 0.320),
    ("best-single", 0.305, 0.316),
    ("ridge", 0.302, 0.315),
    ("random", 0.155, 0.175),
    ("cheapest", 0.131, 0.154),
    ("largest", 0.125, 0.141),
];

#[test]
fn sweep_rewards_land_on_the_reference_table() {
    let (Some(table), Some(embeddings)) =
        (shared("routerbench_0shot_5llm.parquet"), shared("routerbench_0shot_5llm.minilm.parquet"))
    else {
        return;
    };
    let policies: String = REFERENCE.iter().map(|(kind, ..)| format!("[[policy]]\nkind = \"{kind}\"\n")).collect();
    let replicates = results(&format!(
        "name = \"real\"\nreplicates = 3\n[protocol]\ncheckpoints = 0\n[[environment]]\nkind = \"recorded\"\n\
         file = {table:?}\nembeddings = {embeddings:?}\n{policies}"
    ));
    for (kind, low, high) in REFERENCE {
        let own = replicates.iter().filter(|replicate| replicate.policy == *kind);
        let sweep = own.flat_map(|replicate| replicate.scores.iter().filter(|score| score.metric == "sweep_reward"));
        let values: Vec<f64> = sweep.map(|score| score.value).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        eprintln!("{kind:<14} {values:.4?} mean {mean:.4}, expected in [{low}, {high}]");
        assert!((*low..=*high).contains(&mean), "{kind}: {mean:.4} is not in [{low}, {high}]");
    }
}

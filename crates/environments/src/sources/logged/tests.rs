use super::{Log, LogColumns, LogOptions, LogRow, LogRule, Moment};
use crate::price_book::PriceBook;
use crate::sources::wide::OnBadRow;
use routing::{Arm, Dollars};
use std::path::PathBuf;

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    store::write_whole(&path, text.as_bytes()).unwrap();
    path
}

fn rows(log: &Log) -> Vec<LogRow> {
    log.rows().unwrap().map(Result::unwrap).collect()
}

fn check_refusal(name: &str, text: &str, options: &LogOptions, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, name, text);
    let error = Log::open(&path, options).map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, format!("{}: {expected}", path.display()));
}

#[test]
fn a_row_is_read_whole_from_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "request_id,prompt,model,quality,cost_usd,propensity,w_cost,task,timestamp,tenant\n\
               7,\"hi, you\",b,0.5,0.002,0.25,0.3,chat,2024-02-29T12:00:00Z,acme\n8,,a,,0.001,,,chat,,\n";
    let jsonl = "{\"request_id\": 7, \"prompt\": \"hi, you\", \"model\": \"b\", \"quality\": 0.5, \"cost_usd\": 2e-3, \
                 \"propensity\": 0.25, \"w_cost\": 0.3, \"task\": \"chat\", \"timestamp\": 1709208000, \"tenant\": \"acme\"}\n\n\
                 {\"request_id\": \"8\", \"model\": \"a\", \"cost_usd\": 0.001, \"task\": \"chat\"}\n";
    let csv = Log::open(&file(&folder, "log.csv", csv), &LogOptions::default()).unwrap();
    let jsonl = Log::open(&file(&folder, "log.jsonl", jsonl), &LogOptions::default()).unwrap();
    let frame = store::read(csv.path()).unwrap();
    let parquet = folder.path().join("log.parquet");
    store::write_parquet(&parquet, &frame).unwrap();
    let parquet = Log::open(&parquet, &LogOptions::default()).unwrap();
    let first = LogRow {
        place: 2,
        id: Some("7".into()),
        prompt: Some("hi, you".into()),
        arm: Arm(1),
        quality: Some(0.5),
        cost: Dollars(0.002),
        tokens: None,
        latency: None,
        propensity: Some(0.25),
        w_cost: Some(0.3),
        task: 0,
        time: Some(Moment(1_709_208_000)),
        tenant: Some("acme".into()),
    };
    for (log, places) in [(&csv, [2, 3]), (&jsonl, [1, 3]), (&parquet, [1, 2])] {
        assert_eq!((log.models(), log.tasks(), log.len()), (&["a".into(), "b".into()][..], &["chat".into()][..], 2));
        let rows = rows(log);
        assert_eq!(rows[0], LogRow { place: places[0], ..first.clone() });
        // CSV writes a missing prompt as it writes an empty one, which is a prompt like any other.
        let prompt = (places == [2, 3]).then(String::new);
        assert_eq!((rows[1].place, rows[1].arm, rows[1].quality, &rows[1].prompt), (places[1], Arm(0), None, &prompt));
        let survey = log.survey();
        let with_prompt = if prompt.is_some() { 2 } else { 1 };
        assert_eq!((survey.with_prompt, survey.with_quality, survey.with_propensity), (with_prompt, 1, 1));
        assert_eq!(survey.cells[0][1].mean_dollars(), 0.002);
    }
}

#[test]
fn thumbs_and_judges_become_quality() {
    let folder = tempfile::tempdir().unwrap();
    let text = "{\"model\": \"a\", \"cost_usd\": 1, \"thumbs\": \"up\"}\n{\"model\": \"a\", \"cost_usd\": 1, \"thumbs\": -1}\n\
                {\"model\": \"a\", \"cost_usd\": 1, \"thumbs\": true}\n{\"model\": \"a\", \"cost_usd\": 1, \"judge_score\": 4}\n\
                {\"model\": \"a\", \"cost_usd\": 1, \"quality\": 0.3, \"thumbs\": \"up\", \"judge_score\": 1}\n";
    let columns = LogColumns { judge_scale: Some([1.0, 5.0]), ..LogColumns::default() };
    let log = Log::open(&file(&folder, "log.jsonl", text), &LogOptions { columns, ..LogOptions::default() }).unwrap();
    let quality: Vec<f32> = rows(&log).iter().map(|row| row.quality.unwrap()).collect();
    assert_eq!(quality, [1.0, 0.0, 1.0, 0.75, 0.3]);
}

#[test]
fn tokens_cost_what_they_cost_on_the_day() {
    let folder = tempfile::tempdir().unwrap();
    let text = "{\"model\": \"m\", \"timestamp\": \"2024-01-31T23:59:59Z\", \"usage\": {\"prompt_tokens\": 1000, \"completion_tokens\": 500}}\n\
                {\"model\": \"m\", \"timestamp\": \"2024-01-31T23:59:59-00:01\", \"usage\": {\"prompt_tokens\": 1000, \"completion_tokens\": 500}}\n\
                {\"model\": \"m\", \"cost_usd\": 7, \"usage\": {\"prompt_tokens\": 1000, \"completion_tokens\": 500}}\n";
    let book = "[[price]]\nmodel = 'm'\nfrom = '2024-01-01'\ninput = 2\noutput = 4\n\
                [[price]]\nmodel = 'm'\nfrom = '2024-02-01'\ninput = 1\noutput = 1\n";
    let options = LogOptions { prices: Some(PriceBook::parse(book).unwrap()), ..LogOptions::default() };
    let path = file(&folder, "log.jsonl", text);
    let log = Log::open(&path, &options).unwrap();
    let dollars: Vec<f64> = rows(&log).iter().map(|row| row.cost.0).collect();
    assert_eq!(dollars, [0.004, 0.0015, 7.0]);
    let error = Log::open(&path, &LogOptions::default()).map(|_| ()).unwrap_err().to_string();
    assert!(
        error.contains("line 1, field `cost_usd`: no cost: a row needs dollars, or tokens and a price book"),
        "{error}"
    );
}

#[test]
fn the_prices_of_another_day_replace_what_was_paid_and_need_the_tokens_of_every_row() {
    let folder = tempfile::tempdir().unwrap();
    let counted =
        "{\"model\": \"m\", \"cost_usd\": 7, \"usage\": {\"prompt_tokens\": 1000, \"completion_tokens\": 500}}\n";
    let book = "[[price]]\nmodel = 'm'\nfrom = '2024-01-01'\ninput = 2\noutput = 4\n\
                [[price]]\nmodel = 'm'\nfrom = '2024-02-01'\ninput = 1\noutput = 1\n";
    let options = |day: &str| LogOptions {
        prices: Some(PriceBook::parse(book).unwrap()),
        reprice: Some(day.parse().unwrap()),
        ..LogOptions::default()
    };
    let path = file(&folder, "log.jsonl", counted);
    for (day, dollars) in [("2024-01-15", 0.004), ("2024-02-01", 0.0015)] {
        assert_eq!(rows(&Log::open(&path, &options(day)).unwrap())[0].cost.0, dollars, "{day}");
    }
    let check = |text: &str, day: &str, expected: &str| {
        let path = file(&folder, "log.jsonl", text);
        let error = Log::open(&path, &options(day)).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(counted, "2023-12-31", "line 1, field `cost_usd`: no price: no price for model `m` on 2023-12-31");
    let uncounted = format!("{counted}{{\"model\": \"m\", \"cost_usd\": 7}}\n");
    let expected = "line 2, field `usage.prompt_tokens`: prices of another day need the tokens of every row and a price book: no tokens";
    check(&uncounted, "2024-01-15", expected);
}

#[test]
fn the_last_user_message_is_the_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let text = "{\"model\": \"a\", \"cost_usd\": 1, \"messages\": [{\"role\": \"system\", \"content\": \"be kind\"}, \
                {\"role\": \"user\", \"content\": \"first\"}, {\"role\": \"assistant\", \"content\": \"yes\"}, \
                {\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"one\"}, {\"type\": \"image_url\", \"image_url\": {}}, \
                {\"type\": \"text\", \"text\": \"two\"}]}, {\"role\": \"assistant\", \"content\": \"done\"}]}\n";
    let log = Log::open(&file(&folder, "log.jsonl", text), &LogOptions::default()).unwrap();
    assert_eq!(rows(&log)[0].prompt.as_deref(), Some("one\ntwo"));
    let bad = "{\"model\": \"a\", \"cost_usd\": 1, \"messages\": [{\"role\": \"system\", \"content\": \"x\"}]}\n\
               {\"model\": \"a\", \"cost_usd\": 1, \"messages\": [{\"content\": \"x\"}]}\n\
               {\"model\": \"a\", \"cost_usd\": 1, \"messages\": {\"role\": \"user\"}}\n";
    let expected = "3 problems\n  line 1, field `messages`: messages must have the OpenAI shape: none of 1 messages has the \
                    role `user`\n  line 2, field `messages`: messages must have the OpenAI shape: message 1: `role` must be \
                    text, got {\"content\":\"x\"}\n  line 3, field `messages`: messages must have the OpenAI shape: must be a \
                    list of messages, got {\"role\":\"user\"}";
    check_refusal("log.jsonl", bad, &LogOptions::default(), expected);
}

#[test]
fn bad_rows_are_named_by_line_field_rule_and_value() {
    let columns = LogColumns { models: Some(vec!["a".into(), "b".into()]), ..LogColumns::default() };
    let options = LogOptions { columns, ..LogOptions::default() };
    let text = "model,quality,cost_usd,propensity,timestamp\nc,0.5,1,0.5,\na,1.5,1,0.5,\na,0.5,-1,0.5,\na,0.5,1,0,\n\
                a,0.5,1,0.5,yesterday\na,0.5,1\n,0.5,1,0.5,\na,good,1,0.5,\n";
    let expected = "8 problems\n  line 2, field `model`: unknown model: `c` (known: a, b)\n  line 3, field `quality`: quality \
                    must lie in [0, 1]: 1.5\n  line 4, field `cost_usd`: dollars must be finite and not negative: -1\n  line 5, \
                    field `propensity`: propensity must lie in (0, 1]: 0\n  line 6, field `timestamp`: timestamp must be \
                    seconds, milliseconds or RFC 3339: \"yesterday\"\n  ... and 3 more";
    check_refusal("log.csv", text, &options, expected);
    let malformed = "{\"model\": \"a\", \"cost_usd\": 1}\n{\"model\": \n{\"model\": \"a\", \"model\": \"b\"}\n";
    let expected = "2 problems\n  line 2: malformed row: character 9: EOF while parsing a value\n  line 3: malformed row: key \
                    `model` stands twice";
    check_refusal("log.jsonl", malformed, &LogOptions::default(), expected);
    check_refusal("log.csv", "model,cost_usd\n", &LogOptions::default(), "1 problem\n  no rows");
    let judged = "model,cost_usd,judge_score\na,1,4\n";
    let expected = "1 problem\n  line 2, field `judge_score`: a judge's score needs a declared scale and must lie on it: 4, no scale";
    check_refusal("log.csv", judged, &LogOptions::default(), expected);
}

#[test]
fn dropped_rows_are_counted_by_rule_and_never_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let text = "model,quality,cost_usd\na,0.5,1\na,1.5,1\nb,1,2\na,0.5\nb,2,2\n";
    let options = LogOptions { on_bad_row: OnBadRow::Drop, ..LogOptions::default() };
    let log = Log::open(&file(&folder, "log.csv", text), &options).unwrap();
    assert_eq!(log.dropped(), [(LogRule::Malformed, 1), (LogRule::Quality, 2)]);
    let places: Vec<u64> = rows(&log).iter().map(|row| row.place).collect();
    assert_eq!((log.len(), places), (2, vec![2, 4]));
}

#[test]
fn moments_are_read_in_every_usual_form() {
    let read = |text: &str| Moment::read(&serde_json::Value::from(text)).map(|moment| moment.0);
    let noon = Some(1_709_208_000);
    for text in [
        "1709208000",
        "1709208000.9",
        "1709208000123",
        "2024-02-29T12:00:00Z",
        "2024-02-29 12:00:00",
        "2024-02-29T14:00:00.250+02:00",
        "2024-02-29T12:00",
    ] {
        assert_eq!(read(text), noon, "{text}");
    }
    assert_eq!(read("2024-02-29"), Some(1_709_164_800));
    for text in [
        "",
        "now",
        "2024-02-30",
        "2024-02-29T24:00:00Z",
        "2024-02-29T12",
        "2024-02-29T12:00:00+2",
        "2024-02-29x",
        "NaN",
        "1e300",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
    assert_eq!(Moment(1_709_208_000).to_string(), "2024-02-29T12:00:00Z");
}

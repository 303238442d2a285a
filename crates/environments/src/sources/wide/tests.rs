//! What a user of `barp data import` is promised: every error with its exact words.

use super::{
    ColumnMap, Features, ImportError, ImportOptions, Imported, OnBadRow, OnGaps, Rule, import as import_with,
    write_table,
};
use crate::price_book::PriceBook;
use crate::repricing::Pricing;
use crate::sources::Recorded;
use crate::{Environment, Table, Tokens};
use routing::{Dollars, Seconds};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const HEADER: &str = "sample_id,prompt,eval_name,gpt-4,gpt-4|total_cost,llama,llama|total_cost\n";

fn import(path: &Path, features: Features<'_>, map: &ColumnMap, on_bad_row: OnBadRow) -> Result<Imported, ImportError> {
    let options = ImportOptions { columns: map.clone(), on_bad_row, ..ImportOptions::default() };
    import_with(path, features, &options)
}

/// A folder with files of the given names and texts.
struct Files(TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Files {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            store::write_whole(&folder.path().join(name), text.as_bytes()).unwrap();
        }
        Files(folder)
    }

    fn table(rows: &str) -> Files {
        Files::new(&[("t.csv", &format!("{HEADER}{rows}"))])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The message of a refusal, with the folder taken out.
    fn refusal(&self, name: &str, features: Features<'_>, map: &ColumnMap, on_bad_row: OnBadRow) -> String {
        let error = import(&self.path(name), features, map, on_bad_row).unwrap_err().to_string();
        error.replace(&format!("{}/", self.0.path().display()), "")
    }
}

/// Features of one number: the length of the text.
const LENGTH: Features<'_> =
    Features::Texts { width: 1, encode_all: &|texts| Ok(texts.iter().map(|text| text.len() as f32).collect()) };

#[track_caller]
fn check_rows(rows: &str, message: &str) {
    let files = Files::table(rows);
    assert_eq!(files.refusal("t.csv", LENGTH, &ColumnMap::default(), OnBadRow::Refuse), message);
}

#[track_caller]
fn check_map(text: &str, map: &ColumnMap, message: &str) {
    let files = Files::new(&[("t.csv", text)]);
    assert_eq!(files.refusal("t.csv", LENGTH, map, OnBadRow::Refuse), message);
}

const GOOD: &str = "a,hello,mmlu,1,0.002,0.5,0\nb,hi,gsm8k,0,0.001,0.25,1e-5\n";

#[test]
fn a_good_table_is_taken_as_it_is() {
    let files = Files::table(GOOD);
    let Imported { table, dropped, ignored, .. } =
        import(&files.path("t.csv"), LENGTH, &ColumnMap::default(), OnBadRow::Refuse).unwrap();
    assert_eq!((table.len(), table.dimension()), (2, 1));
    assert_eq!(table.models(), ["gpt-4", "llama"]);
    assert_eq!(table.tasks(), ["gsm8k", "mmlu"]);
    assert_eq!([table.task(0), table.task(1)], [1, 0]);
    assert_eq!(table.id(1), "b");
    assert_eq!(table.features(0), [5.0]);
    assert_eq!(table.quality(1), [0.0, 0.25]);
    assert_eq!(table.cost(1), [Dollars(0.001), Dollars(1e-5)]);
    assert!(dropped.is_empty() && ignored.is_empty());
}

#[test]
fn the_three_formats_give_the_same_table() {
    let lines = concat!(
        "{\"sample_id\":\"a\",\"prompt\":\"hello\",\"eval_name\":\"mmlu\",\"gpt-4\":1,\"gpt-4|total_cost\":0.002,",
        "\"llama\":0.5,\"llama|total_cost\":0}\n",
        "{\"sample_id\":\"b\",\"prompt\":\"hi\",\"eval_name\":\"gsm8k\",\"gpt-4\":0,\"gpt-4|total_cost\":0.001,",
        "\"llama\":0.25,\"llama|total_cost\":1e-5}\n",
    );
    let files = Files::new(&[("t.csv", &format!("{HEADER}{GOOD}")), ("t.jsonl", lines)]);
    let frame = store::read(&files.path("t.csv")).unwrap();
    store::write_parquet(&files.path("t.parquet"), &frame).unwrap();
    let print = |name: &str| {
        let imported = import(&files.path(name), LENGTH, &ColumnMap::default(), OnBadRow::Refuse).unwrap();
        Recorded::new(Arc::new(imported.table)).fingerprint()
    };
    assert_eq!(print("t.csv"), print("t.jsonl"));
    assert_eq!(print("t.csv"), print("t.parquet"));
}

#[test]
fn a_bad_row_is_named_by_row_column_rule_and_value() {
    check_rows(
        "a,x,t,,0,,0\n",
        "t.csv: 1 problem\n  row 1, column `gpt-4`: no outcome: a score with its dollars: of no model",
    );
    check_rows(",x,t,0,0,0,0\n", "t.csv: 1 problem\n  row 1, column `sample_id`: missing cell");
    check_rows("a,x,,0,0,0,0\n", "t.csv: 1 problem\n  row 1, column `eval_name`: missing cell");
    check_rows("a,x,t,0,0,A,0\n", "t.csv: 1 problem\n  row 1, column `llama`: not a number: `A`");
    let outside = "row 2, column `gpt-4`: quality must lie in [0, 1]: ";
    for (cell, value) in [("1.5", "1.5"), ("-1", "-1"), ("nan", "NaN"), ("inf", "inf"), ("1.0000001", "1.0000001")] {
        let rows = format!("a,x,t,1,0,0,0\nb,x,t,{cell},0,0,0\n");
        check_rows(&rows, &format!("t.csv: 1 problem\n  {outside}{value}"));
    }
    let dollars = "row 1, column `gpt-4|total_cost`: dollars must be finite and not negative: ";
    for (cell, value) in [("-0.1", "-0.1"), ("nan", "NaN"), ("inf", "inf")] {
        check_rows(&format!("a,x,t,1,{cell},0,0\n"), &format!("t.csv: 1 problem\n  {dollars}{value}"));
    }
    check_rows(
        "a,x,t,0,0,0,0\nb,x,t,0,0,0,0\na,y,t,0,0,0,0\n",
        "t.csv: 1 problem\n  row 3, column `sample_id`: duplicate id: `a`, first in row 1",
    );
    let map = ColumnMap { tasks: Some(vec!["mmlu".to_owned(), "gsm8k".to_owned()]), ..ColumnMap::default() };
    check_map(
        &format!("{HEADER}a,x,mmlu,0,0,0,0\nb,x,mmlV,0,0,0,0\n"),
        &map,
        "t.csv: 1 problem\n  row 2, column `eval_name`: unknown task: `mmlV`, known are `mmlu`, `gsm8k`",
    );
}

#[test]
fn all_problems_are_counted_and_the_first_shown() {
    let mut rows = "a,x,t,2,-1,,0\n".to_owned();
    for row in 0..39 {
        rows += &format!("b{row},x,t,oops,0,0,0\n");
    }
    check_rows(
        &rows,
        concat!(
            "t.csv: 41 problems\n",
            "  row 1, column `gpt-4`: quality must lie in [0, 1]: 2\n",
            "  row 1, column `gpt-4|total_cost`: dollars must be finite and not negative: -1\n",
            "  row 2, column `gpt-4`: not a number: `oops`\n",
            "  row 3, column `gpt-4`: not a number: `oops`\n",
            "  row 4, column `gpt-4`: not a number: `oops`\n",
            "  ... and 36 more",
        ),
    );
}

#[test]
fn bad_rows_are_dropped_and_counted_only_when_asked() {
    let rows = "a,xx,t,2,-1,,0\nb,x,u,1,0.5,1,0\nb,x,v,1,0,1,0\nc,xy,,1,0,1,0\nd,xyz,t,0,0.25,1,0\n";
    let files = Files::table(rows);
    let Imported { table, dropped, .. } =
        import(&files.path("t.csv"), LENGTH, &ColumnMap::default(), OnBadRow::Drop).unwrap();
    assert_eq!([table.id(0), table.id(1)], ["b", "d"]);
    assert_eq!(table.len(), 2);
    assert_eq!((table.features(0), table.features(1)), (&[1.0f32][..], &[3.0f32][..]));
    assert_eq!((table.quality(1), table.cost(1)), (&[0.0f32, 1.0][..], &[Dollars(0.25), Dollars(0.0)][..]));
    assert_eq!(table.tasks(), ["t", "u"], "tasks of dropped rows are gone");
    assert_eq!(dropped, [(Rule::MissingCell, 1), (Rule::DuplicateId, 1), (Rule::Quality, 1)]);

    let files = Files::table("a,x,t,2,0,0,0\nb,x,t,3,0,0,0\n");
    let message = files.refusal("t.csv", LENGTH, &ColumnMap::default(), OnBadRow::Drop);
    assert_eq!(message, "t.csv: 1 problem\n  no rows: none of the 2 is left");
}

#[test]
fn columns_that_do_not_fit_are_refused_before_any_row() {
    let default = ColumnMap::default();
    check_map(HEADER, &default, "t.csv: 1 problem\n  no rows");
    check_map(
        "sample_id,prompt,eval_name,gpt-4,llama,llama|total_cost\na,x,t,1,1,0\n",
        &default,
        "t.csv: 1 problem\n  column `gpt-4`: no cost column: `gpt-4|total_cost`",
    );
    check_map(
        "sample_id,prompt,eval_name,gpt-4,gpt-4|total_cost,llama|total_cost\na,x,t,1,1,0\n",
        &default,
        "t.csv: 1 problem\n  column `llama|total_cost`: no quality column: `llama`",
    );
    check_map(
        "sample_id,prompt,eval_name\na,x,t\n",
        &default,
        "t.csv: 1 problem\n  no models: no column has a partner whose name ends in `|total_cost`",
    );
    check_map(
        "id,text,gpt-4,gpt-4|total_cost\na,x,1,0\n",
        &default,
        concat!(
            "t.csv: 3 problems\n",
            "  column `sample_id`: no such column: the file has `id`, `text`, `gpt-4`, `gpt-4|total_cost`\n",
            "  column `eval_name`: no such column: the file has `id`, `text`, `gpt-4`, `gpt-4|total_cost`\n",
            "  column `prompt`: no such column: the file has `id`, `text`, `gpt-4`, `gpt-4|total_cost`",
        ),
    );
    let twice = ColumnMap { models: Some(vec!["llama".to_owned(), "llama".to_owned()]), ..ColumnMap::default() };
    check_map(&format!("{HEADER}{GOOD}"), &twice, "t.csv: 1 problem\n  column `llama`: model listed twice");
    let none = ColumnMap { models: Some(Vec::new()), ..ColumnMap::default() };
    check_map(&format!("{HEADER}{GOOD}"), &none, "t.csv: 1 problem\n  no models: the map lists none");
}

#[test]
fn other_names_are_mapped_and_unused_columns_listed() {
    let map: ColumnMap = toml::from_str(
        "id = \"key\"\ntask = \"set\"\nprompt = \"text\"\ncost_suffix = \" USD\"\nmodels = [\"m2\", \"m1\"]\n",
    )
    .unwrap();
    let text = "key,text,set,m1,m1 USD,m2,m2 USD,m3,note\n1,x,s,0,1,1,2,9,hi\n";
    let files = Files::new(&[("t.csv", text)]);
    let Imported { table, ignored, .. } = import(&files.path("t.csv"), LENGTH, &map, OnBadRow::Refuse).unwrap();
    assert_eq!(table.models(), ["m2", "m1"]);
    assert_eq!(table.cost(0), [Dollars(2.0), Dollars(1.0)]);
    assert_eq!(table.id(0), "1");
    assert_eq!(ignored, ["m3", "note"]);
    let error = toml::from_str::<ColumnMap>("ids = \"key\"").unwrap_err().to_string();
    assert!(error.contains("unknown field `ids`"), "{error}");
}

#[test]
fn a_family_of_tasks_goes_before_the_evaluation() {
    let text = "sample_id,prompt,eval_name,task_family,m,m|total_cost\na,x,mmlu-law,MMLU,0,1\n";
    let files = Files::new(&[("t.csv", text)]);
    let imported = import(&files.path("t.csv"), LENGTH, &ColumnMap::default(), OnBadRow::Refuse).unwrap();
    assert_eq!(imported.table.tasks(), ["MMLU"]);
    assert_eq!(imported.ignored, ["eval_name"]);
}

const EMBEDDED: &str = concat!(
    "{\"sample_id\":\"a\",\"eval_name\":\"t\",\"m\":1,\"m|total_cost\":0.5,\"embedding\":[1,2]}\n",
    "{\"sample_id\":\"b\",\"eval_name\":\"t\",\"m\":0,\"m|total_cost\":0.5,\"embedding\":[3,4]}\n",
);

#[test]
fn a_column_of_embeddings_is_checked() {
    let refusal = |text: &str| {
        let files = Files::new(&[("t.jsonl", text)]);
        files.refusal("t.jsonl", Features::Column, &ColumnMap::default(), OnBadRow::Refuse)
    };
    let files = Files::new(&[("t.jsonl", EMBEDDED)]);
    let good = import(&files.path("t.jsonl"), Features::Column, &ColumnMap::default(), OnBadRow::Refuse).unwrap();
    assert_eq!((good.table.dimension(), good.table.features(1)), (2, &[3.0f32, 4.0][..]));
    assert_eq!(
        refusal(&EMBEDDED.replace("[3,4]", "[3,1e39]")),
        "t.jsonl: 1 problem\n  row 2, column `embedding`: embedding must be finite, and no number beyond a million: inf in place 2 of `b`"
    );
    assert_eq!(
        refusal(&EMBEDDED.replace("[3,4]", "null")),
        "t.jsonl: 1 problem\n  row 2, column `embedding`: embedding must be finite, and no number beyond a million: NaN in place 1 of `b`"
    );
    assert_eq!(
        refusal(&EMBEDDED.replace("[3,4]", "[3]")),
        "t.jsonl: 1 problem\n  column `embedding`: wrong shape: row 2 has 1 numbers where the rows before have 2"
    );
    assert_eq!(
        refusal(&EMBEDDED.replace("[1,2]", "1").replace("[3,4]", "2")),
        "t.jsonl: 1 problem\n  column `embedding`: wrong shape: single values, vectors are needed"
    );
    assert_eq!(
        refusal(&EMBEDDED.replace("\"m\":1", "\"m\":[1]").replace("\"m\":0", "\"m\":[0]")),
        "t.jsonl: 1 problem\n  column `m`: wrong shape: vectors, single values are needed"
    );
}

#[test]
fn a_file_of_embeddings_is_joined_by_id() {
    let table = format!("{HEADER}{GOOD}");
    let vectors = |lines: &str| Files::new(&[("t.csv", &table), ("e.jsonl", lines)]);
    let run = |files: &Files, on_bad_row| {
        let path = files.path("e.jsonl");
        import(&files.path("t.csv"), Features::File(&path), &ColumnMap::default(), on_bad_row)
    };
    let refusal = |lines: &str| {
        let files = vectors(lines);
        let path = files.path("e.jsonl");
        files.refusal("t.csv", Features::File(&path), &ColumnMap::default(), OnBadRow::Refuse)
    };
    let b = "{\"sample_id\":\"b\",\"embedding\":[3,4]}\n";
    let a = "{\"sample_id\":\"a\",\"embedding\":[1,2]}\n";
    let other = "{\"sample_id\":\"z\",\"embedding\":[null,0]}\n";
    let good = run(&vectors(&[b, other, a].concat()), OnBadRow::Refuse).unwrap();
    assert_eq!((good.table.features(0), good.table.features(1)), (&[1.0f32, 2.0][..], &[3.0f32, 4.0][..]));

    let missing = "  column `sample_id`: no embedding: 1 of 2 ids are not in e.jsonl, the first is `b` in row 2";
    assert_eq!(refusal(a), format!("t.csv: 1 problem\n{missing}"));
    let kept = run(&vectors(a), OnBadRow::Drop).unwrap();
    assert_eq!((kept.table.len(), kept.dropped), (1, vec![(Rule::NoEmbedding, 1)]));
    assert_eq!(
        refusal(&[a, b, a].concat()),
        "e.jsonl: 1 problem\n  row 3, column `sample_id`: duplicate id: `a`, first in row 1"
    );
    assert_eq!(
        refusal("{\"id\":\"a\",\"embedding\":[1,2]}\n"),
        "e.jsonl: 1 problem\n  column `sample_id`: no such column: the file has `id`, `embedding`"
    );
    assert_eq!(
        refusal(&[a, "{\"sample_id\":\"b\",\"embedding\":[3]}\n"].concat()),
        "e.jsonl: 1 problem\n  column `embedding`: wrong shape: row 2 has 1 numbers where the rows before have 2"
    );
    let nan = "{\"sample_id\":\"b\",\"embedding\":[3,null]}\n";
    assert_eq!(
        refusal(&[a, nan].concat()),
        "t.csv: 1 problem\n  row 2, column `embedding`: embedding must be finite, and no number beyond a million: NaN in place 2 of `b`"
    );
}

#[test]
fn a_stored_table_is_read_back_unchanged() {
    let files = Files::table(GOOD);
    let thirds = |texts: &[String]| Ok(texts.iter().flat_map(|text| [text.len() as f32 / 3.0; 3]).collect());
    let third = Features::Texts { width: 3, encode_all: &thirds };
    let first = import(&files.path("t.csv"), third, &ColumnMap::default(), OnBadRow::Refuse).unwrap().table;
    let path = files.path("out/table.parquet");
    write_table(&path, &first).unwrap();
    let second = import(&path, Features::Column, &ColumnMap::default(), OnBadRow::Refuse).unwrap();
    assert!(second.ignored.is_empty());
    let print = |table: Table| Recorded::new(Arc::new(table)).fingerprint();
    assert_eq!(print(first), print(second.table));
}

#[test]
fn an_unreadable_table_says_so() {
    let files = Files::new(&[("t.csv", "a,b\n1\n")]);
    let message = files.refusal("t.csv", LENGTH, &ColumnMap::default(), OnBadRow::Refuse);
    assert_eq!(message, "t.csv: line 2: 1 cells where the header has 2");
}

/// A file of the shared data, which is not part of the project.
fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !path.exists() {
        eprintln!("SKIPPED: {} not found", path.display());
        return None;
    }
    Some(path)
}

#[test]
fn genuine_rows_are_imported() {
    let names = ["routerbench_0shot_5llm", "routerbench_0shot_11llm", "paretobandit_k4"];
    let embeddings = ["routerbench_0shot_5llm", "routerbench_0shot_5llm", "paretobandit_k4"];
    let shapes = [(5694, 5, 7), (1796, 11, 7), (3559, 4, 31)];
    for ((name, embeddings), (rows, models, tasks)) in names.into_iter().zip(embeddings).zip(shapes) {
        let files = (shared(&format!("{name}.parquet")), shared(&format!("{embeddings}.minilm.parquet")));
        let (Some(path), Some(embeddings)) = files else { continue };
        let map = ColumnMap::default();
        let Imported { table, dropped, .. } =
            import(&path, Features::File(&embeddings), &map, OnBadRow::Refuse).unwrap();
        assert_eq!((table.len(), table.arms(), table.dimension()), (rows, models, 384), "{name}");
        assert_eq!(table.tasks().len(), tasks, "{name}: {:?}", table.tasks());
        assert!(dropped.is_empty());
    }
}

#[test]
fn a_cell_without_score_or_dollars_is_a_gap_and_half_a_cell_is_counted() {
    let rows = "a,x,t,1,0.5,,\nb,x,t,,,0.5,0\nc,x,t,1,,1,0\nd,x,t,0,0.25,1,0\n";
    let files = Files::table(rows);
    let run = |gaps| {
        let options = ImportOptions { gaps, ..ImportOptions::default() };
        import_with(&files.path("t.csv"), LENGTH, &options)
    };
    let kept = run(OnGaps::Keep).unwrap();
    assert_eq!((kept.table.gaps(), kept.halves, kept.cut_prompts), (3, 1, 0));
    let known = |row| [0, 1].map(|arm| kept.table.outcome(row, arm).is_some());
    assert_eq!([0, 1, 2, 3].map(known), [[true, false], [false, true], [false, true], [true, true]]);
    assert_eq!(kept.table.mean_cost(&[0, 1, 2]), [Dollars(0.5), Dollars(0.0)], "over what was recorded");
    let cut = run(OnGaps::DropPrompts).unwrap();
    assert_eq!((cut.table.len(), cut.table.id(0), cut.cut_prompts), (1, "d", 3));
    let refused = run(OnGaps::DropModels).unwrap_err().to_string();
    assert!(refused.ends_with("no rows: each of the 2 models has a gap"), "{refused}");
    let never = Files::table("a,x,t,1,0.5,,\nb,x,t,1,0.5,0.5,\n");
    let message = never.refusal("t.csv", LENGTH, &ColumnMap::default(), OnBadRow::Refuse);
    assert_eq!(message, "t.csv: 1 problem\n  column `llama`: no outcome: a score with its dollars");
}

#[test]
fn an_empty_prompt_is_a_prompt_like_any_other() {
    let files = Files::table("a,,t,1,0,1,0\nb,hi,t,0,0,1,0\n");
    let lines = "{\"sample_id\":\"a\",\"prompt\":\"\",\"eval_name\":\"t\",\"m\":1,\"m|total_cost\":0}\n";
    let jsonl = Files::new(&[("t.jsonl", lines)]);
    for (files, name) in [(&files, "t.csv"), (&jsonl, "t.jsonl")] {
        let table = import(&files.path(name), LENGTH, &ColumnMap::default(), OnBadRow::Refuse).unwrap().table;
        assert_eq!((table.features(0), &table.prompts().unwrap()[0][..]), (&[0.0f32][..], ""), "{name}");
    }
    let missing = Files::new(&[("t.jsonl", &lines.replace("\"\",", "null,"))]);
    let message = missing.refusal("t.jsonl", LENGTH, &ColumnMap::default(), OnBadRow::Refuse);
    assert_eq!(message, "t.jsonl: 1 problem\n  row 1, column `prompt`: missing cell");
}

const COUNTED: &str = concat!(
    "sample_id,prompt,task,m,m|total_cost,m|input_tokens,m|cached_tokens,m|output_tokens,m|latency_s\n",
    "a,x,t,1,0.5,1000,400,100,1.5\nb,y,t,0,0.25,500,,50,\n",
);

#[test]
fn tokens_latency_and_prompts_are_kept_and_written_back() {
    let files = Files::new(&[("t.csv", COUNTED)]);
    let imported = import(&files.path("t.csv"), LENGTH, &ColumnMap::default(), OnBadRow::Refuse).unwrap();
    assert!(imported.ignored.is_empty(), "{:?}", imported.ignored);
    let path = files.path("out/table.parquet");
    write_table(&path, &imported.table).unwrap();
    let again = import(&path, Features::Column, &ColumnMap::default(), OnBadRow::Refuse).unwrap().table;
    for table in [&imported.table, &again] {
        assert_eq!(table.tokens(0, 0), Some(Tokens { input: 1000, cached: 400, output: 100 }));
        assert_eq!(table.tokens(1, 0), Some(Tokens { input: 500, cached: 0, output: 50 }));
        let latency = |row| table.outcome(row, 0).unwrap().latency;
        assert_eq!((latency(0), latency(1)), (Some(Seconds(1.5)), None));
        assert_eq!(table.prompts().unwrap(), ["x", "y"]);
    }
    let print = |table: Table| Recorded::new(Arc::new(table)).fingerprint();
    assert_eq!(print(again.clone()), print(imported.table.without_prompts()), "texts are no part of what a run sees");
    let bad = |from: &str, to: &str| {
        let files = Files::new(&[("t.csv", &COUNTED.replace(from, to))]);
        files.refusal("t.csv", LENGTH, &ColumnMap::default(), OnBadRow::Refuse)
    };
    let tokens = "tokens must be whole numbers, those from the cache at most those read";
    assert_eq!(bad("1000", "10.5"), format!("t.csv: 1 problem\n  row 1, column `m|input_tokens`: {tokens}: 10.5"));
    let more =
        format!("t.csv: 1 problem\n  row 1, column `m|cached_tokens`: {tokens}: 4000 from the cache of 1000 read");
    assert_eq!(bad("400", "4000"), more);
    let latency = "row 1, column `m|latency_s`: latency must be finite and not negative: -1";
    assert_eq!(bad("1.5", "-1"), format!("t.csv: 1 problem\n  {latency}"));
}

#[test]
fn a_table_is_priced_anew_from_its_tokens() {
    let book = "[[price]]\nmodel = \"book-m\"\nfrom = \"2024-01-01\"\ninput = 2.0\ncached = 0.5\noutput = 10.0\n";
    let pricing = |name: &str| Pricing {
        book: PriceBook::parse(book).unwrap(),
        date: "2024-06-01".parse().unwrap(),
        names: [("m".to_owned(), name.to_owned())].into(),
    };
    let run = |text: &str, name: &str| {
        let files = Files::new(&[("t.csv", text)]);
        let options = ImportOptions { prices: Some(pricing(name)), ..ImportOptions::default() };
        let imported = import_with(&files.path("t.csv"), LENGTH, &options);
        imported.map(|imported| imported.table).map_err(|error| error.to_string())
    };
    let table = run(COUNTED, "book-m").unwrap();
    // By hand: (600 x 2 + 400 x 0.5 + 100 x 10) / 1e6 and (500 x 2 + 50 x 10) / 1e6.
    assert_eq!([table.cost(0)[0].0, table.cost(1)[0].0], [0.0024, 0.0015]);
    let without_dollars = COUNTED.replace("m|total_cost", "note").replace("0.5,", "-,").replace("0.25,", "-,");
    assert_eq!(run(&without_dollars, "book-m").unwrap().cost(0), table.cost(0), "tokens are enough");
    let uncounted = run(&COUNTED.replace("1000,400,100", ",,"), "book-m").unwrap_err();
    assert!(uncounted.contains("no price: 1 of 2 calls of `m` have no tokens to price anew"), "{uncounted}");
    assert!(run(COUNTED, "other").unwrap_err().contains("no price for model `other` (known: book-m)"));
}

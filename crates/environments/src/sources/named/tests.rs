#![expect(clippy::disallowed_methods, reason = "tests write the files that are read")]

use super::{DATA_SOURCES, DataSource, Opened, Pricing, Recorded};
use crate::Table;
use crate::price_book::PriceBook;
use crate::sources::wide::{Features, ImportOptions, Imported, OnBadRow, import_frame};
use std::path::{Path, PathBuf};
use store::Frame;

/// A data set in little: its files, and what is read from them.
struct Case {
    source: &'static str,
    /// Files by name; several are given as their folder.
    files: &'static [(&'static str, &'static str)],
    /// Identifiers of the prompts in order.
    ids: &'static [&'static str],
    tasks: &'static [&'static str],
    models: &'static [&'static str],
    /// Quality and dollars, prompt by prompt.
    cells: &'static [(f32, f64)],
}

/// Dollars per million tokens: 2 read and 10 written of `a`, 1 and 1 of `b.1`.
const BOOK: &str = "[[price]]\nmodel = 'a'\nfrom = '2024-01-01'\ninput = 2.0\noutput = 10.0\n\
                    [[price]]\nmodel = 'b.1'\nfrom = '2024-01-01'\ninput = 1.0\noutput = 1.0\n";

const CASES: &[Case] = &[
    Case {
        source: "routerbench",
        files: &[(
            "t.csv",
            "sample_id,prompt,eval_name,a,b.1,a|model_response,b.1|model_response,a|total_cost,b.1|total_cost,\
             oracle_model_to_route_to\nmmlu.1,['Why?'],mmlu,1.0,0.25,x,y,0.5,0.1,a\nmbpp.2,['How?'],mbpp,0,1,x,y,0.25,0.2,b.1\n",
        )],
        ids: &["mmlu.1", "mbpp.2"],
        tasks: &["mbpp", "mmlu"],
        models: &["a", "b.1"],
        cells: &[(1.0, 0.5), (0.25, 0.1), (0.0, 0.25), (1.0, 0.2)],
    },
    Case {
        source: "paretobandit",
        files: &[(
            "t.csv",
            "sample_id,prompt,eval_name,split,a,b.1,a|total_cost,b.1|total_cost\np.val.0,copy a list,mbpp,val,.9,.4,.003,.00003\n",
        )],
        ids: &["p.val.0"],
        tasks: &["mbpp"],
        models: &["a", "b.1"],
        cells: &[(0.9, 0.003), (0.4, 0.00003)],
    },
    Case {
        source: "bfcl",
        files: &[(
            "t.csv",
            "sample_id,prompt,task,model,quality,input_tokens,output_tokens,latency_s\n\
             s0,area,simple,a,1,1000000,0,.5\ns0,area,simple,b.1,0,1000000,1000000,.7\n",
        )],
        ids: &["s0"],
        tasks: &["simple"],
        models: &["a", "b.1"],
        cells: &[(1.0, 2.0), (0.0, 2.0)],
    },
    Case {
        source: "superhard",
        files: &[(
            "t.csv",
            "sample_id,prompt,task,model,quality,cost_usd,latency_ms,gold,answer\n\
             h7,count,coprime,b.1,0,0.5,90,3,4\nh7,count,coprime,a,1.0,0.25,113030,3,3\n",
        )],
        ids: &["h7"],
        tasks: &["coprime"],
        models: &["a", "b.1"],
        cells: &[(1.0, 0.25), (0.0, 0.5)],
    },
    Case {
        source: "sprout",
        files: &[
            (
                "0.jsonl",
                "{\"key\": 3, \"dataset\": \"math\", \"prompt\": \"1+1\", \
                 \"a\": {\"response\": \"2\", \"score\": 1.0, \"num_input_tokens\": 1000000, \"num_output_tokens\": 0}, \
                 \"b.1\": {\"response\": \"3\", \"score\": 0.5, \"num_input_tokens\": 500000, \"num_output_tokens\": 500000}}\n",
            ),
            (
                "1.jsonl",
                "{\"key\": 4, \"dataset\": \"rag\", \"prompt\": \"Who?\", \
                 \"a.score\": 0, \"a.num_input_tokens\": 0, \"a.num_output_tokens\": 1000000, \
                 \"b.1.score\": 1, \"b.1.num_input_tokens\": 0, \"b.1.num_output_tokens\": 0}\n",
            ),
        ],
        ids: &["3", "4"],
        tasks: &["math", "rag"],
        models: &["a", "b.1"],
        cells: &[(1.0, 2.0), (0.5, 1.0), (0.0, 10.0), (1.0, 0.0)],
    },
    Case {
        source: "embedllm",
        files: &[
            ("model_order.csv", "model_id,model_name\n0,a\n1,b.1\n"),
            (
                "test.csv",
                "prompt_id,model_id,category_id,label,prompt,model_name,category\n\
                 9,0,1,0,Why?,a,mmlu\n9,1,1,1,Why?,b.1,mmlu\n9,0,1,1,Why?,a,mmlu\n",
            ),
            (
                "train.csv",
                "prompt_id,model_id,category_id,label,prompt,model_name,category\n\
                 5,1,2,0,How?,b.1,gsm8k\n5,0,2,1,How?,a,gsm8k\n",
            ),
        ],
        ids: &["9", "5"],
        tasks: &["gsm8k", "mmlu"],
        models: &["a", "b.1"],
        cells: &[(1.0, 0.0), (1.0, 0.0), (1.0, 0.0), (0.0, 0.0)],
    },
    Case {
        source: "routellm",
        files: &[
            ("mmlu_anatomy.csv", "prompt,a,b.1\n\"A lesion\nAnswer:\",True,False\nA face,False,False\n"),
            ("mmlu_virology.csv", "prompt,a,b.1\nA virus,True,True\n"),
        ],
        ids: &["mmlu_anatomy.2", "mmlu_anatomy.4", "mmlu_virology.2"],
        tasks: &["mmlu_anatomy", "mmlu_virology"],
        models: &["a", "b.1"],
        cells: &[(1.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (1.0, 0.0), (1.0, 0.0)],
    },
    Case {
        source: "routereval",
        files: &[(
            "t.csv",
            "sample_id,task,split,prompt,a,b.1\narc.7,arc,train,Why?,1.0,0.25\narc.2,arc,test,How?,0.0,1.0\n",
        )],
        ids: &["arc.7", "arc.2"],
        tasks: &["arc"],
        models: &["a", "b.1"],
        cells: &[(1.0, 0.0), (0.25, 0.0), (0.0, 0.0), (1.0, 0.0)],
    },
    Case {
        source: "llmrouterbench",
        files: &[
            (
                "aime-test-gpt-5-20251001_120000.json",
                concat!(
                    r#"{"dataset_name": "aime", "split": "test", "model_name": "gpt-5", "demo": false, "cost": 1.5, "records": ["#,
                    r#"{"index": 1, "origin_query": "2+2", "score": 0.0, "cost": 0.5, "prompt_tokens": 9, "completion_tokens": 1}]}"#
                ),
            ),
            (
                "aime-test-gpt-5-20251002_120000.json",
                concat!(
                    r#"{"dataset_name": "aime", "split": "test", "model_name": "gpt-5", "records": ["#,
                    r#"{"index": 1, "origin_query": "2+2", "score": 1.0, "cost": 0.75, "raw_output": "4"}]}"#
                ),
            ),
            (
                "aime-test-glm-4.6-20251001_120000.json",
                concat!(
                    r#"{"dataset_name": "aime", "split": "test", "model_name": "glm-4.6", "records": ["#,
                    r#"{"index": 1, "origin_query": "2+2", "score": 0.5, "cost": 0.125}]}"#
                ),
            ),
            (
                "aime-test-Fin-R1-20251001_120000.json",
                concat!(
                    r#"{"dataset_name": "aime", "split": "test", "model_name": "Fin-R1", "records": ["#,
                    r#"{"index": 1, "origin_query": "2+2", "score": 0.0, "cost": 0.0}]}"#
                ),
            ),
            (
                "aime-test-gpt-5-20251003_120000.json",
                r#"{"dataset_name": "aime", "split": "test", "model_name": "gpt-5", "demo": true, "records": []}"#,
            ),
        ],
        ids: &["aime.test.1"],
        tasks: &["aime"],
        models: &["glm-4.6", "gpt-5"],
        cells: &[(0.5, 0.125), (1.0, 0.75)],
    },
];

fn source(name: &str) -> &'static DataSource {
    DATA_SOURCES.iter().find(|source| source.name == name).unwrap()
}

/// What a user has to say of dollars for this source.
fn pricing(source: &DataSource) -> Pricing {
    let (prices, date) = (Some(PriceBook::parse(BOOK).unwrap()), Some("2024-06-01".parse().unwrap()));
    match source.recorded {
        Recorded::Dollars => Pricing::default(),
        Recorded::Tokens => Pricing { prices, date, no_dollars: false },
        Recorded::Nothing => Pricing { no_dollars: true, ..Pricing::default() },
    }
}

/// Writes files into a folder: the one file, or the folder of several.
fn written(folder: &Path, files: &[(&str, &str)]) -> PathBuf {
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    if let [(name, _)] = files { folder.join(name) } else { folder.to_owned() }
}

fn opened(name: &str, path: &Path) -> Result<Opened, String> {
    let source = source(name);
    source.open(path, &pricing(source), OnBadRow::Refuse).map_err(|error| error.to_string())
}

fn table(path: &Path, opened: &Opened) -> Table {
    let lengths = |texts: &[String]| Ok(texts.iter().map(|text| text.len() as f32).collect());
    let features = Features::Texts { width: 1, encode_all: &lengths };
    let imported = import_frame(
        path,
        opened.frame.clone(),
        features,
        &ImportOptions { columns: opened.columns.clone(), ..ImportOptions::default() },
    );
    let Imported { table, .. } = imported.unwrap_or_else(|error| panic!("{error}"));
    table
}

#[test]
fn every_source_reads_its_own_layout() {
    for case in CASES {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), case.files);
        let opened = opened(case.source, &path).unwrap_or_else(|error| panic!("{error}"));
        let table = table(&path, &opened);
        let ids: Vec<&str> = (0..table.len()).map(|row| table.id(row)).collect();
        assert_eq!(
            (ids.as_slice(), table.tasks(), table.models()),
            (case.ids, strings(case.tasks), strings(case.models))
        );
        let cells = (0..table.len()).flat_map(|row| {
            table.quality(row).iter().copied().zip(table.cost(row).iter().map(|cost| cost.0)).collect::<Vec<_>>()
        });
        assert_eq!(cells.collect::<Vec<_>>(), case.cells, "{}", case.source);
        let texts = opened.frame.column("prompt").map(store::Column::len);
        assert_eq!(texts, Some(case.ids.len()), "{}", case.source);
    }
    let untested =
        |source: &&DataSource| source.converter.is_none() && !CASES.iter().any(|case| case.source == source.name);
    assert_eq!(DATA_SOURCES.iter().filter(untested).count(), 0, "every source that needs no converter has a case");
}

/// Comparable with what a table gives.
fn strings(texts: &[&str]) -> &'static [String] {
    texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>().leak()
}

#[test]
fn a_file_of_another_kind_is_told_what_it_lacks_and_what_it_has() {
    for case in CASES {
        let folder = tempfile::tempdir().unwrap();
        let name = if case.source == "llmrouterbench" { "x.json" } else { "x.csv" };
        let text = if name == "x.json" { "{\"colour\": 1}" } else { "colour,shape\nred,round\n" };
        let error = opened(case.source, &written(folder.path(), &[(name, text)])).unwrap_err();
        assert!(error.contains(&format!("{name}: source `{}`: no such column: ", case.source)), "{error}");
        let lacks = match case.source {
            "llmrouterbench" => "`dataset_name`",
            _ => &format!("`{}`", source(case.source).columns[0]),
        };
        assert!(error.contains(lacks) && error.contains("the file has `colour`"), "{error}");
    }
}

#[test]
fn what_holds_no_scores_is_refused_by_its_reason() {
    for (name, header, reason) in [
        ("routellm", "id,model_a,model_b,prompt,winner_model_a,winner_model_b,winner_tie", "these are battles"),
        ("routellm", "prompt,source,gpt4_response,mixtral_response,mixtral_score", "Mixtral alone"),
    ] {
        let row = vec!["1"; header.split(',').count()].join(",");
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), &[("x.csv", &format!("{header}\n{row}\n"))]);
        let error = opened(name, &path).unwrap_err();
        assert!(error.contains("no table of prompts and models with scores") && error.contains(reason), "{error}");
    }
    let error = opened("routereval", Path::new("arc_router_dataset.pkl")).unwrap_err();
    assert!(error.contains("routereval_pickle.py"), "{error}");
}

#[test]
fn bad_cells_name_file_line_and_value() {
    for (name, file, text, wanted) in [
        (
            "embedllm",
            "train.csv",
            "prompt_id,prompt,model_name,category,label\n1,x,a,m,1\n1,x,b,m,2\n",
            "line 3: column `label` must be 0 or 1, got `2`",
        ),
        ("routellm", "x.csv", "prompt,a\nx,maybe\n", "line 2: column `a` must be True or False, got `maybe`"),
        ("routereval", "x.csv", "sample_id,task,split,prompt,a\n1,t,s,p,1\n1,t,s,p,1\n", "told twice: row 2: `1`"),
        (
            "routereval",
            "x.csv",
            "sample_id,task,split,prompt,a\n1,t,s,p,one\n",
            "row 1: column `a`: `one` is no number",
        ),
        (
            "sprout",
            "x.jsonl",
            "{\"key\":1,\"dataset\":\"d\",\"prompt\":\"p\",\"a\":{\"score\":1,\"num_input_tokens\":1.5}}\n",
            "`num_input_tokens` must be a whole number, got 1.5",
        ),
        ("sprout", "x.jsonl", "{\"key\":1,\"dataset\":\"d\",\"prompt\":\"p\"}\n", "no model"),
        (
            "sprout",
            "x.jsonl",
            "{\"key\":1,\"dataset\":\"d\",\"prompt\":\"p\",\"c\":{\"score\":1,\"num_input_tokens\":1,\"num_output_tokens\":1}}\n",
            "no price: no price for model `c`",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let error = opened(name, &written(folder.path(), &[(file, text)])).unwrap_err();
        assert!(error.contains(file) && error.contains(wanted), "{error}");
    }
}

#[test]
fn dollars_are_never_made_up() {
    let anywhere = Path::new("nowhere");
    let said =
        |name: &str, pricing: &Pricing| source(name).open(anywhere, pricing, OnBadRow::Refuse).unwrap_err().to_string();
    let free = Pricing { no_dollars: true, ..Pricing::default() };
    for source in DATA_SOURCES {
        match source.recorded {
            Recorded::Dollars => assert!(said(source.name, &free).contains("leave out `--no-dollars`")),
            Recorded::Tokens => {
                assert!(
                    said(source.name, &Pricing::default())
                        .contains("`--prices BOOK` and `--price-date DAY` are needed")
                );
                assert!(said(source.name, &free).contains("not `--no-dollars`"));
            }
            Recorded::Nothing => assert!(said(source.name, &Pricing::default()).contains("`--no-dollars` imports it")),
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), &[("x.csv", "prompt,a\nx,True\n")]);
    let notes = opened("routellm", &path).unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("every cost of this table is 0")), "{notes:?}");
}

#[test]
fn a_part_of_a_release_is_not_taken_for_it() {
    let strange = |name: &str, ids: &[String], models| source(name).strangeness(ids.iter().map(String::as_str), models);
    let ids: Vec<String> = (0..56).map(|id| format!("x{id}")).collect();
    let told = strange("superhard", &ids[..9], 17).unwrap();
    assert!(told.ends_with("9 prompts, that one has 56"), "{told}");
    let told = strange("superhard", &ids, 3).unwrap();
    assert!(told.ends_with("3 models, that one has 17"), "{told}");
    let told = strange("superhard", &ids, 17).unwrap();
    assert!(told.ends_with("other identifiers"), "{told}");
    let told = strange("routerbench", &ids, 11).unwrap();
    assert_eq!(told, "this is not the release of withmartian: 56 prompts, that one has 36,497");
    let mmlu: Vec<String> = (0..14_042).map(|id| id.to_string()).collect();
    assert_eq!(strange("routellm", &mmlu, 2), None);
    assert_eq!(strange("sprout", &ids, 1), None, "no release is known, so nothing is strange");
}

#[test]
fn prices_that_would_change_nothing_are_refused() {
    let pricing = Pricing { prices: Some(PriceBook::parse(BOOK).unwrap()), ..Pricing::default() };
    for source in DATA_SOURCES.iter().filter(|source| source.recorded != Recorded::Tokens) {
        let pricing = Pricing { no_dollars: source.recorded == Recorded::Nothing, ..pricing.clone() };
        let error = source.open(Path::new("nowhere"), &pricing, OnBadRow::Refuse).unwrap_err().to_string();
        assert!(error.contains("leave out `--prices`"), "{error}");
    }
}

#[test]
fn what_a_file_tells_twice_or_otherwise_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let text = "prompt_id,prompt,model_name,category,label\n1,x,a,m,1\n1,x,a,n,0\n";
    let opened = opened("embedllm", &written(folder.path(), &[("x.csv", text)])).unwrap();
    assert!(opened.notes[0].starts_with("1 answers stood before"), "{:?}", opened.notes);
    assert!(opened.notes[1].starts_with("1 rows have another category"), "{:?}", opened.notes);
}

#[test]
fn a_gap_stays_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let text = "prompt_id,prompt,model_name,category,label\n1,x,a,m,1\n1,x,b,m,0\n2,y,a,m,1\n";
    let Frame { columns, .. } = opened("embedllm", &written(folder.path(), &[("x.csv", text)])).unwrap().frame;
    let cell = |name: &str| columns.iter().find(|(known, _)| known == name).unwrap().1.text(1);
    assert_eq!((cell("a").as_deref(), cell("b"), cell("b|total_cost")), (Some("1"), None, None));
}

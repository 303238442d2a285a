//! Recorded tables as other programs write them, opened as a configuration opens them.

use super::{Opening, SOURCES, TextEncoder};
use crate::{Environment, Table};
use routing::Seed;
use serde_json::{Value, json};
use std::sync::Arc;

/// The recorded environment of a file called `name` that holds `text`, with further `parameters`.
fn open(name: &str, text: &str, parameters: &Value) -> Result<Arc<dyn Environment>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    store::write_whole(&path, text.as_bytes()).unwrap();
    let source = SOURCES.iter().find(|source| source.name == "recorded").unwrap();
    let mut all = (source.defaults)();
    all["file"] = path.display().to_string().into();
    for (key, value) in parameters.as_object().unwrap() {
        all[key] = value.clone();
    }
    (source.check)(&all).map_err(|mistake| mistake.to_string())?;
    let encoder = |_: &str| {
        let lengths = |texts: &[String]| Ok(texts.iter().map(|text| text.len() as f32).collect());
        Ok(TextEncoder { width: 1, encode_all: Box::new(lengths) })
    };
    (source.open)(&all, &Opening { encoder: &encoder })
        .map_err(|error| error.to_string().replace(&path.display().to_string(), name))
}

fn table(name: &str, text: &str, parameters: &Value) -> Arc<Table> {
    open(name, text, parameters).map(|world| world.pool(&Seed::root(0))).unwrap()
}

fn ids(table: &Table) -> Vec<&str> {
    (0..table.len()).map(|row| table.id(row)).collect()
}

#[test]
fn ids_tasks_and_prompts_made_of_digits_stay_as_written() {
    let text =
        "sample_id,prompt,eval_name,a,a|total_cost\n3.1,1e5,1.0,1,0.001\n3.10,007,1.00,0,0.002\n3.2,12,2,0.50,1e-3\n";
    let table = table("t.csv", text, &json!({}));
    assert_eq!(ids(&table), ["3.1", "3.10", "3.2"]);
    assert_eq!(table.tasks(), ["1.0", "1.00", "2"]);
    assert_eq!([0, 1, 2].map(|row| table.features(row)[0]), [3.0, 3.0, 2.0], "lengths of the prompts");
    assert_eq!([0, 1, 2].map(|row| table.quality(row)[0]), [1.0, 0.0, 0.5]);
    assert_eq!([0, 1, 2].map(|row| table.cost(row)[0].0), [0.001, 0.002, 0.001]);
}

#[test]
fn a_numeric_column_is_a_model_however_its_numbers_are_written() {
    let refusal = |text: &str| open("t.csv", text, &json!({})).err().unwrap();
    let text = "sample_id,prompt,eval_name,a,a|total_cost,b\ns,x,t,1,0.1,1.0\nu,y,t,1,0.1,0.50\n";
    assert!(refusal(text).contains("column `b`: no cost column"), "{}", refusal(text));
    for index in ["", "Unnamed: 0", "__index_level_0__"] {
        let text = format!("{index},sample_id,prompt,eval_name,a,a|total_cost\n0,s,x,t,1,0.1\n1,u,y,t,True,0.1\n");
        assert_eq!(table("t.csv", &text, &json!({})).models(), ["a"], "an index written by pandas is no model");
    }
}

#[test]
fn a_table_is_the_same_world_in_every_dialect() {
    let plain = "sample_id,prompt,eval_name,a,a|total_cost\ns,\"x, y\",t,0.5,0.1\nu,z,t,1,0.25\n";
    let excel = "\u{feff}sample_id; prompt ;eval_name;a;a|total_cost\r\ns ;x, y;t;0,5;0,1\r\nu; z;t;1,0;0,25\r\n";
    let tabs = "sample_id\tprompt\teval_name\ta\ta|total_cost\ns\tx, y\tt\t0.5\t0.1\nu\tz\tt\t1\t0.25\n";
    let world = open("t.csv", plain, &json!({})).unwrap().fingerprint();
    let csv = json!({ "csv": { "delimiter": ";", "decimal": ",", "trim": true } });
    assert_eq!(open("t.csv", excel, &csv).unwrap().fingerprint(), world);
    assert_eq!(open("t.tsv", tabs, &json!({})).unwrap().fingerprint(), world);
    assert_eq!(open("t.csv", tabs, &json!({ "csv": { "delimiter": "tab" } })).unwrap().fingerprint(), world);
}

#[test]
fn a_wrong_dialect_is_refused_with_a_hint() {
    let check = |text: &str, csv: Value, message: &str| {
        let refusal = open("t.csv", text, &json!({ "csv": csv })).err().unwrap();
        assert_eq!(refusal, message);
    };
    let semicolons = "sample_id;prompt;eval_name;a;a|total_cost\ns;x;t;0,5;0,1\n";
    let hint = "t.csv: the header is one column `sample_id;prompt;eval_name;a;a|total_cost` with `,` between columns: is the \
                delimiter `;`?";
    check(semicolons, Value::Null, hint);
    let hint = "t.csv: 2 problems\n  row 1, column `a`: not a number: `0,5` (a decimal comma has to be declared: decimal \
                `,`)\n  row 1, column `a|total_cost`: not a number: `0,1` (a decimal comma has to be declared: decimal `,`)";
    check(semicolons, json!({ "delimiter": ";" }), hint);
    let points = "sample_id;prompt;eval_name;a;a|total_cost\ns;x;t;0.5;0,1\n";
    let hint =
        "t.csv: 1 problem\n  column `a`: wrong shape: row 1: `0.5` has a point where decimal commas were declared";
    check(points, json!({ "delimiter": ";", "decimal": ",", }), hint);
    let unknown = "the decimal sign must be `.` or `,`, got `;`";
    check(points, json!({ "decimal": ";" }), unknown);
}

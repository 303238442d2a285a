use super::{Date, ListPrice, PriceBook};
use crate::Tokens;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn tokens(input: u32, output: u32) -> Tokens {
    Tokens { input, cached: 0, output }
}

fn entry(model: &str, from: &str, input: f64, output: f64) -> ListPrice {
    ListPrice { model: model.into(), from: date(from), input, output, cached: None, source: String::new() }
}

fn refused(entries: Vec<ListPrice>, expected: &str) {
    assert_eq!(PriceBook::new(entries).unwrap_err().message, expected);
}

#[test]
fn a_price_holds_from_its_day_until_the_next() {
    let entries = vec![
        entry("a", "2023-03-01", 2.0, 4.0),
        entry("b", "2024-01-01", 9.0, 9.0),
        entry("a", "2024-02-29", 1.0, 3.0),
    ];
    let book = PriceBook::new(entries).unwrap();
    let price = |day| book.price_at("a", date(day));
    assert_eq!(price("2023-02-28"), None);
    assert_eq!(price("2023-03-01"), Some((2.0, 4.0)));
    assert_eq!(price("2024-02-28"), Some((2.0, 4.0)));
    assert_eq!(price("2024-02-29"), Some((1.0, 3.0)));
    assert_eq!(price("2031-12-31"), Some((1.0, 3.0)));
    assert_eq!(book.price_at("c", date("2024-01-01")), None);
    assert_eq!(book.models().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn tokens_from_the_cache_have_a_price_of_their_own_where_the_book_says_it() {
    let call = Tokens { input: 1_000_000, cached: 400_000, output: 100_000 };
    let dollars = |cached| {
        let price = ListPrice { cached, ..entry("a", "2024-01-01", 2.5, 10.0) };
        PriceBook::new(vec![price]).unwrap().dollars("a", date("2024-06-01"), call).unwrap().0
    };
    assert_eq!((dollars(Some(1.25)), dollars(None)), (3.0, 3.5));
    let bad = ListPrice { cached: Some(-1.0), ..entry("a", "2024-01-01", 2.5, 10.0) };
    refused(vec![bad], "entry 1: `a`: `cached` must be finite and not negative, got -1");
}

#[test]
fn dollars_are_tokens_times_price_per_million() {
    let book = PriceBook::new(vec![entry("a", "2024-01-01", 2.5, 10.0)]).unwrap();
    assert_eq!(book.dollars("a", date("2024-06-01"), tokens(400_000, 50_000)).unwrap().0, 1.5);
    let early = book.dollars("a", date("2023-12-31"), tokens(1, 1)).unwrap_err().message;
    assert_eq!(early, "no price for model `a` on 2023-12-31: its first holds from 2024-01-01");
    let unknown = book.dollars("z", date("2024-06-01"), tokens(1, 1)).unwrap_err().message;
    assert_eq!(unknown, "no price for model `z` (known: a)");
    assert_eq!(book.require(["a", "z"]).unwrap_err().message, unknown);
    assert!(book.require(["a"]).is_ok());
}

#[test]
fn entries_that_break_a_rule_are_named() {
    refused(vec![], "no entries: a price book needs at least one");
    refused(vec![entry("", "2024-01-01", 1.0, 1.0)], "entry 1: `model` must not be empty");
    let negative = vec![entry("a", "2024-01-01", 1.0, 1.0), entry("a", "2024-02-01", 1.0, -0.5)];
    refused(negative, "entry 2: `a`: `output` must be finite and not negative, got -0.5");
    refused(
        vec![entry("a", "2024-01-01", f64::NAN, 1.0)],
        "entry 1: `a`: `input` must be finite and not negative, got NaN",
    );
    let twice = vec![entry("a", "2024-01-01", 1.0, 1.0), entry("a", "2024-01-01", 2.0, 1.0)];
    refused(twice, "entry 2: `a`: `from` stands twice: 2024-01-01");
    let unordered = vec![entry("a", "2024-02-01", 1.0, 1.0), entry("a", "2024-01-01", 2.0, 1.0)];
    refused(unordered, "entry 2: `a`: `from` must ascend within a model, got 2024-01-01 after 2024-02-01");
}

#[test]
fn toml_and_csv_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        store::write_whole(&path, text.as_bytes()).unwrap();
        path
    };
    let toml =
        write("book.toml", "[[price]]\nmodel = 'a'\nfrom = '2024-01-01'\ninput = 1.5\noutput = 2\nsource = 'page'\n");
    let csv = write("book.csv", "model,from,input,output,source\na,2024-01-01,1.5,2,page\n");
    let book = PriceBook::read(&toml).unwrap();
    assert_eq!(book, PriceBook::read(&csv).unwrap());
    assert_eq!(book.history("a")[0].source, "page");

    let check = |path: &std::path::Path, expected: &str| {
        assert_eq!(PriceBook::read(path).unwrap_err().message, format!("{}: {expected}", path.display()));
    };
    check(&write("a.csv", "model,from,input\na,2024-01-01,1\n"), "column `output` is missing");
    check(
        &write("b.csv", "model,from,input,output\na,2024-02-30,1,1\n"),
        "row 1, column `from`: must be a day written YYYY-MM-DD, got `2024-02-30`",
    );
    check(
        &write("c.csv", "model,from,input,output\na,2024-02-28,cheap,1\n"),
        "row 1, column `input`: not a number: `cheap`",
    );
    check(&write("d.csv", "model,from,input,output\na,2024-02-28,,1\n"), "row 1, column `input`: missing cell");
    check(
        &write("e.csv", "model,from,input,output\na,2024-02-28,-1,1\n"),
        "entry 1: `a`: `input` must be finite and not negative, got -1",
    );
    let unknown = PriceBook::parse("[[price]]\nmodle = 'a'").unwrap_err().message;
    assert!(
        unknown
            .contains("unknown field `modle`, expected one of `model`, `from`, `input`, `output`, `cached`, `source`"),
        "{unknown}"
    );
}

#[test]
fn dates_are_days_of_the_calendar() {
    for wrong in [
        "2023-02-29",
        "1900-02-29",
        "2024-13-01",
        "2024-1-1",
        "2024-00-10",
        "24-01-01",
        "2024/01/01",
        "2024-01-0x",
        "+024-01-01",
    ] {
        assert!(wrong.parse::<Date>().is_err(), "{wrong}");
    }
    assert_eq!(date("1970-01-01").days(), 0);
    assert_eq!(date("2000-03-01").days(), 11_017);
    assert_eq!(Date::from_unix_seconds(1_709_164_799), Some(date("2024-02-28")));
    assert_eq!(Date::from_unix_seconds(1_709_164_800), Some(date("2024-02-29")));
    assert_eq!(Date::from_unix_seconds(-1), Some(date("1969-12-31")));
    for days in (-719_162..=2_932_896).step_by(97).chain([2_932_896]) {
        assert_eq!(Date::from_days(days).unwrap().days(), days);
    }
    assert_eq!((Date::from_days(2_932_897), Date::from_days(-719_163)), (None, None));
}

/// Every embedded price names the page it was read from, and the one price cut of a name that did not change is there.
#[test]
fn the_embedded_book_is_whole_and_sourced() {
    let book = PriceBook::embedded();
    for model in book.models() {
        for price in book.history(model) {
            assert!(price.source.starts_with("https://"), "{price:?}");
        }
    }
    assert_eq!(book.price_at("gpt-3.5-turbo", date("2023-06-13")), Some((1.5, 2.0)));
    assert!(book.history("gpt-3.5-turbo").len() >= 2);
}

#[test]
fn the_list_of_litellm_is_dollars_per_token_on_any_day() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model_prices.json");
    let text = r#"{"sample_spec": {"input_cost_per_token": "a sentence"},
                   "big": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 1.25e-06},
                   "picture": {"input_cost_per_image": 0.01}}"#;
    store::write_whole(&path, text.as_bytes()).unwrap();
    let book = PriceBook::read(&path).unwrap();
    assert_eq!(book.models().collect::<Vec<_>>(), ["big"]);
    let tokens = Tokens { input: 1_000, cached: 200, output: 100 };
    let dollars = book.dollars("big", "2026-11-25".parse().unwrap(), tokens).unwrap().0;
    assert!((dollars - (800.0 * 2.5 + 200.0 * 1.25 + 100.0 * 10.0) / 1e6).abs() < 1e-15, "{dollars}");
    store::write_whole(&path, br#"{"big": {"input_cost_per_token": "2.5", "output_cost_per_token": 1}}"#).unwrap();
    let message = PriceBook::read(&path).unwrap_err().message;
    assert!(message.ends_with("`big`: `input_cost_per_token` must be a number, got \"2.5\""), "{message}");
}

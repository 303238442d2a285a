//! Damaged files are found, said and computed again, and a killed run loses nothing: with as many flips and kills as
//! `BARP_DAMAGE` says (`make damage`), else a few of each.

use crate::support::{barp, files, plan, program};
use deployment::Artifact;
use experiment::{Encoding, Event, FeatureCache, Options, Plan, encode_texts};
use routing::{Round, Seed, random};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use store::{Folder, Manifest, State};

/// Seed of all that is drawn here.
const SEED: u64 = 20_261_125;

/// How often, at least `few` times.
fn times(few: u64) -> u64 {
    let asked = std::env::var("BARP_DAMAGE").ok();
    let times = asked.map_or(few, |text| text.parse().expect("BARP_DAMAGE is a whole number"));
    eprintln!("{times} times, seed {SEED}");
    times
}

fn draw(stream: &str, time: u64, below: usize) -> usize {
    let share = random::uniform(&mut Seed::root(SEED).stream(stream).at(Round(time)));
    (share * below as f64) as usize
}

/// A test and an online part, with decisions: every kind of file that belongs to a cell.
const SMALL: &str = "name = 'small'\nreplicates = 2\n[[environment]]\nkind = 'calibrated'\nrows = 200\n\
                     [[policy]]\nkind = 'lin-ucb'\n[[policy]]\nkind = 'knn'\n[policy.tune]\nk = [3, 5]";

/// Runs `plan` again and gives back what was damaged.
fn run_again(plan: &Plan, folder: &Folder) -> (Manifest, Vec<String>) {
    let damaged = Mutex::new(Vec::new());
    let hear = |event| {
        if let Event::Damaged(what) = event {
            damaged.lock().unwrap().push(what);
        }
    };
    let options = Options { threads: 1, log_decisions: true, command: "test".into(), ..Options::default() };
    let done = experiment::run(plan, folder, &options, &AtomicBool::new(false), hear).unwrap();
    (done.manifest, damaged.into_inner().unwrap())
}

/// Flips the bit at `place`, a share of all bits, of the file at `path`.
fn flip(path: &Path, stream: &str, time: u64) {
    let mut bytes = std::fs::read(path).unwrap();
    let bit = draw(stream, time, 8 * bytes.len());
    bytes[bit / 8] ^= 1 << (bit % 8);
    store::write_whole(path, &bytes).unwrap();
}

#[test]
fn a_flipped_bit_in_any_file_of_a_cell_is_said_and_computed_again() {
    let place = tempfile::tempdir().unwrap();
    let (plan, folder) = (plan(SMALL), Folder::new(place.path()));
    let (first, nothing) = run_again(&plan, &folder);
    assert!(nothing.is_empty(), "{nothing:?}");
    let whole: BTreeMap<String, Vec<u8>> = files(place.path(), "").into_iter().collect();
    let names: Vec<&String> = whole.keys().collect();
    let kinds = ["cells/", "tested/", "decisions/", "manifest.json"];
    assert!(kinds.iter().all(|kind| names.iter().any(|name| name.starts_with(kind))), "{names:?}");
    for time in 0..times(16) {
        let name = names[draw("file", time, names.len())];
        flip(&place.path().join(name), "bit", time);
        let (manifest, damaged) = run_again(&plan, &folder);
        let said = damaged.iter().filter(|what| what.contains(name.as_str())).count();
        assert!(said == 1 && damaged.len() == 1, "flip {time} in {name}: {damaged:?}");
        assert!(manifest == first && files(place.path(), "") == whole, "flip {time} in {name}");
    }
}

#[test]
fn a_flipped_bit_in_the_feature_cache_changes_no_vector() {
    let place = tempfile::tempdir().unwrap();
    let texts: Vec<String> = (0..600).map(|number| format!("text number {number}")).collect();
    let heard = Arc::new(Mutex::new(0));
    let encode = || {
        let heard = Arc::clone(&heard);
        let cache = FeatureCache::new(place.path()).telling(move |_| *heard.lock().unwrap() += 1);
        let how = Encoding { cache: Some(cache), threads: 1 };
        encode_texts(&encoder::Hashed::default(), &texts, &how, |_| ()).unwrap()
    };
    let vectors = encode();
    let whole = files(place.path(), "");
    let names: Vec<&String> = whole.keys().collect();
    let times = times(8);
    for time in 0..times {
        let name = names[draw("cached file", time, names.len())];
        flip(&place.path().join(name), "cached bit", time);
        assert!(encode() == vectors && files(place.path(), "") == whole, "flip {time} in {name}");
    }
    assert_eq!(*heard.lock().unwrap(), times, "every one was said");
}

#[test]
fn a_flipped_bit_in_a_router_is_refused() {
    let place = tempfile::tempdir().unwrap();
    store::write_whole(&place.path().join("c.toml"), SMALL.as_bytes()).unwrap();
    let trained = barp(place.path(), &["train", "c.toml", "--policy", "lin-ucb", "--out", "router"]);
    assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
    let path = place.path().join("router");
    let whole = std::fs::read(&path).unwrap();
    for time in 0..times(200) {
        flip(&path, "bit of a router", time);
        assert!(Artifact::read(&path).is_err(), "flip {time}");
        store::write_whole(&path, &whole).unwrap();
    }
    assert!(Artifact::read(&path).is_ok());
}

/// Fifty cells.
const GRID: &str = "name = 'grid'\nreplicates = 10\n[[environment]]\nkind = 'calibrated'\nrows = 300\n\
                    [[policy]]\nkind = 'lin-ucb'\n[[policy]]\nkind = 'lin-ts'\n[[policy]]\nkind = 'knn'\n\
                    [[policy]]\nkind = 'ridge'\n[[policy]]\nkind = 'epsilon-greedy'";

/// The cells of `plan` that are in `folder`, all of them whole.
fn stored(plan: &Plan, folder: &Folder, time: u64) -> BTreeSet<String> {
    let whole = |id: &str| match folder.examine(id, None).unwrap() {
        State::Absent => false,
        State::Whole(_) => true,
        State::Damaged(error) => panic!("kill {time}: {error}"),
    };
    plan.cells().iter().filter(|cell| whole(&cell.id)).map(|cell| cell.id.clone()).collect()
}

#[test]
fn a_killed_grid_has_no_torn_file_and_loses_no_finished_cell() {
    let (calm, rough) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for place in [&calm, &rough] {
        store::write_whole(&place.path().join("c.toml"), GRID.as_bytes()).unwrap();
    }
    let plan = plan(GRID);
    assert_eq!(plan.cells().len(), 50);
    let arguments = ["run", "c.toml", "--out", "out", "--threads", "2"];
    let begun = Instant::now();
    assert!(barp(calm.path(), &arguments).status.success());
    let long = begun.elapsed().as_millis() as usize;
    let (out, mut before, mut grids) = (rough.path().join("out"), BTreeSet::new(), 0);
    let folder = Folder::new(&out);
    for time in 0..times(5) {
        let mut run = Command::new(program());
        let run = run.args(arguments).current_dir(rough.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = run.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(draw("kill", time, long) as u64));
        // SIGKILL: the process has no chance to tidy up.
        child.kill().unwrap();
        child.wait().unwrap();
        let now = stored(&plan, &folder, time);
        assert!(now.is_superset(&before), "kill {time} lost {:?}", before.difference(&now));
        before = now;
        if before.len() == 50 {
            same_grid(calm.path(), rough.path(), &arguments, time);
            std::fs::remove_dir_all(&out).unwrap();
            before.clear();
            grids += 1;
        }
    }
    same_grid(calm.path(), rough.path(), &arguments, u64::MAX);
    eprintln!("{} grids were completed", grids + 1);
}

/// Completes the grid in `rough`, and compares every file with the undisturbed one.
fn same_grid(calm: &Path, rough: &Path, arguments: &[&str], time: u64) {
    assert!(barp(rough, arguments).status.success());
    let visible = |name: &String| !name.rsplit('/').next().unwrap().starts_with('.');
    let [calm, rough] = [calm, rough].map(|place| files(place, "").into_iter().filter(|(name, _)| visible(name)));
    let (calm, rough): (BTreeMap<_, _>, BTreeMap<_, _>) = (calm.collect(), rough.collect());
    let differ: Vec<&String> = calm.keys().filter(|name| calm.get(*name) != rough.get(*name)).collect();
    assert!(differ.is_empty() && calm.len() == rough.len(), "kill {time}: {differ:?}");
}

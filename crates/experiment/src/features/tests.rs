use super::cache::files;
use super::*;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::{Column, Frame};

/// Counts what it encodes.
#[derive(Default)]
struct Counting {
    inner: encoder::Hashed,
    encoded: AtomicUsize,
}

impl Encoder for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }
    fn width(&self) -> usize {
        self.inner.width()
    }
    fn encode(&self, text: &str, out: &mut [f32]) {
        self.encoded.fetch_add(1, Ordering::Relaxed);
        self.inner.encode(text, out);
    }
    fn fingerprint(&self) -> String {
        self.inner.fingerprint()
    }
}

fn texts() -> Vec<String> {
    (0..1300).map(|i| format!("{} text number {i}", "long ".repeat(i % 7))).collect()
}

fn encoded(texts: &[String], folder: &Path) -> (Vec<f32>, usize, usize) {
    let (encoder, progress) = (Counting::default(), AtomicUsize::new(0));
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let how = Encoding { cache: Some(FeatureCache::new(folder)), threads: 2 };
    let count = |more| {
        progress.fetch_add(more, Ordering::Relaxed);
    };
    let vectors = encode_texts(&encoder, &texts, &how, count).unwrap();
    (vectors, encoder.encoded.into_inner(), progress.into_inner())
}

#[test]
fn nothing_is_encoded_twice_and_what_was_interrupted_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut texts = texts();
    texts.push(texts[3].clone());
    let (first, times, progress) = encoded(&texts, folder.path());
    assert_eq!((times, progress), (1300, 1301), "equal texts once, all of them heard of");
    let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
    assert_eq!(
        first,
        encode_texts(&encoder::Hashed::default(), &borrowed, &Encoding { cache: None, threads: 1 }, |_| ()).unwrap()
    );
    texts.reverse();
    texts.push("a new one".into());
    let (again, times, progress) = encoded(&texts, folder.path());
    assert_eq!((times, progress), (1, 1302));
    let width = encoder::Hashed::default().width();
    let reversed: Vec<f32> = again[..1301 * width].rchunks_exact(width).flatten().copied().collect();
    assert_eq!(first, reversed);

    // A killed run has written some of its files.
    let own = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let files = files(&own).unwrap();
    assert_eq!(files.len(), 4);
    let lost = store::read(&files[0]).unwrap().rows();
    std::fs::remove_file(&files[0]).unwrap();
    let (once_more, times, _) = encoded(&texts, folder.path());
    assert_eq!(times, lost);
    assert_eq!(once_more, again);
}

#[test]
fn texts_that_come_one_by_one_are_kept_together() {
    let folder = tempfile::tempdir().unwrap();
    let (texts, encoder) = (texts(), Counting::default());
    let how = Encoding { cache: Some(FeatureCache::new(folder.path())), threads: 1 };
    let whole = encode_texts(&encoder::Hashed::default(), &texts, &Encoding::default(), |_| ()).unwrap();
    for expected in [600, 600] {
        let mut vectors = TextVectors::open(&encoder, &how).unwrap();
        let one_by_one = texts[..600].iter().chain(&texts[..10]);
        let encoded: Vec<f32> = one_by_one.flat_map(|text| vectors.encode(&[text], |_| ()).unwrap()).collect();
        assert_eq!(encoded[..600 * encoder.width()], whole[..600 * encoder.width()]);
        assert_eq!(encoder.encoded.load(Ordering::Relaxed), expected);
    }
    let own = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    assert_eq!(files(&own).unwrap().len(), 2, "one full, and one with the rest");
}

#[test]
fn damaged_files_are_said_removed_and_encoded_again() {
    let folder = tempfile::tempdir().unwrap();
    let (first, ..) = encoded(&texts(), folder.path());
    let own = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let all = files(&own).unwrap();
    let whole: Vec<Vec<u8>> = all.iter().map(|path| std::fs::read(path).unwrap()).collect();
    for bit in [0, 7_000, 90_001] {
        let mut bytes = whole[1].clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        store::write_whole(&all[1], &bytes).unwrap();
        let (heard, encoder) = (Arc::new(AtomicUsize::new(0)), Counting::default());
        let listener = Arc::clone(&heard);
        let cache = FeatureCache::new(folder.path()).telling(move |error| {
            assert!(error.to_string().contains("is not what barp wrote"), "{error}");
            listener.fetch_add(1, Ordering::Relaxed);
        });
        let again = encode_texts(&encoder, &texts(), &Encoding { cache: Some(cache), threads: 2 }, |_| ()).unwrap();
        assert!(again == first && heard.load(Ordering::Relaxed) == 1);
        assert_eq!(encoder.encoded.into_inner(), 512, "the texts of one file");
        let now: Vec<Vec<u8>> = files(&own).unwrap().iter().map(|path| std::fs::read(path).unwrap()).collect();
        assert!(now == whole, "the cache is as it was");
    }
}

#[test]
fn a_foreign_file_in_the_cache_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    encoded(&texts()[..3], folder.path());
    let own = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let frame = Frame { columns: vec![("x".into(), Column::Real(vec![Some(1.0)]))], metadata: Vec::new() };
    store::write_parquet(&own.join("foreign.parquet"), &frame).unwrap();
    let how = Encoding { cache: Some(FeatureCache::new(folder.path())), threads: 1 };
    let error = encode_texts(&Counting::default(), &["a"], &how, |_| ()).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "foreign.parquet: must have the columns `text` and `embedding`: not a file of the feature cache, delete it"
        ),
        "{error}"
    );
}

#[test]
fn parts_of_a_stream_have_the_bits_of_the_whole_and_know_what_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut texts = texts();
    texts.extend_from_within(..100);
    let whole = encode_texts(&encoder::Hashed::default(), &texts, &Encoding::default(), |_| ()).unwrap();
    for cache in [None, Some(FeatureCache::new(folder.path()))] {
        let encoder = Counting::default();
        let expected = if cache.is_some() { 1300 } else { 1400 };
        let mut vectors = TextVectors::open(&encoder, &Encoding { cache, threads: 2 }).unwrap();
        let parts: Vec<f32> = texts.chunks(90).flat_map(|part| vectors.encode(part, |_| ()).unwrap()).collect();
        assert_eq!(parts, whole);
        assert_eq!(encoder.encoded.load(Ordering::Relaxed), expected);
    }
}

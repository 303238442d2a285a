//! Work on many items by all cores; results come in the order of the items, whatever the number of cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// `work` for each of `items`, in their order.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(items.len());
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    // A few blocks a thread even out their lengths; blocks spare the lock.
    let block = (items.len() / (8 * threads)).clamp(1, 64);
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Vec<R>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let start = next.fetch_add(block, Ordering::Relaxed);
                    let Some(part) = items.get(start..(start + block).min(items.len())) else { return };
                    if part.is_empty() {
                        return;
                    }
                    let results = part.iter().map(&work).collect();
                    done.lock().expect("no thread panics while it holds the lock").push((start, results));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("a thread that panicked has ended the scope");
    done.sort_by_key(|(start, _)| *start);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_their_items() {
        for count in [0, 1, 16, 17, 1000] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(in_parallel(&items, |item| 3 * item), items.iter().map(|item| 3 * item).collect::<Vec<_>>());
        }
    }
}

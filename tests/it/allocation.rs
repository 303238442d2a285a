//! A training step of BaRP allocates nothing once its buffers have grown to the batch.

use crate::support::Toy;
use policies::POLICIES;
use routing::Ledger;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting each thread's allocations.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is being torn down has no counter any more.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's contract.
        unsafe { System.realloc(pointer, layout, size) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of this thread so far.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.get()
}

#[test]
fn a_training_step_of_barp_allocates_nothing() {
    let toy = Toy::new(8, 3);
    let entry = POLICIES.iter().find(|entry| entry.name == "barp").unwrap();
    let mut policy = toy.bandit(entry);
    let stream = toy.seed.stream("choice");
    let mut batch = toy.batch(0..32);
    let (mut choices, mut ledger) = (Vec::new(), Ledger::default());
    let mut revealed = environments::Revealed::new(toy.problem.dimension, toy.problem.arms());
    let mut counts = Vec::new();
    for step in 0..6 {
        toy.refill(step * 32..(step + 1) * 32, &mut batch);
        let before = ALLOCATIONS.get();
        policy.choose(&batch.contexts(), &stream, &mut choices);
        let (contexts, feedback) = batch.reveal(&choices, &mut ledger, &mut revealed);
        policy.learn(&contexts, feedback);
        counts.push(ALLOCATIONS.get() - before);
    }
    assert!(counts[0] > 0, "the counter counts");
    assert_eq!(counts[2..], [0; 4], "allocations by step: {counts:?}");
}

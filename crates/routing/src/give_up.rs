//! How a policy or a world that was written by a user ends its cell: as that user's error, not as a fault of this program.

/// What is thrown by [`give_up`]; whoever runs cells catches it.
#[derive(Debug)]
pub struct GaveUp {
    /// Who gave up, at what, and why.
    pub reason: String,
}

/// Ends the cell for a `reason` that its user can mend. No panic hook is asked, since nothing is wrong with this program.
pub fn give_up(reason: String) -> ! {
    std::panic::resume_unwind(Box::new(GaveUp { reason }))
}

//! Values of policies that met the same requests, paired by replicate.

use store::{Measurement, Quantity, Run};

/// The latest number of every run that is about a wanted quantity, with the number of the replicate.
pub(crate) fn latest<'a>(
    runs: impl IntoIterator<Item = &'a Run>,
    wanted: impl Fn(&Quantity) -> bool,
) -> Vec<(u32, Measurement<'a>)> {
    let of = |run: &'a Run| {
        let quantities = run.scores.quantities().iter().enumerate();
        let own = quantities.filter(|(_, quantity)| wanted(quantity)).map(|(place, _)| run.scores.get(place));
        own.max_by_key(|score| score.standing.round).map(|score| (run.replicate, score))
    };
    runs.into_iter().filter_map(of).collect()
}

/// What both have, in the order of the first.
pub(crate) fn pairs<T: Copy>(left: &[(u32, T)], right: &[(u32, T)]) -> Vec<(T, T)> {
    let partner = |number: u32| right.iter().find(|(other, _)| *other == number).map(|(_, value)| *value);
    left.iter().filter_map(|&(number, value)| partner(number).map(|other| (value, other))).collect()
}

//! Routing between a weak and a strong model: PGR, APGR and CPT of RouteLLM (arXiv 2406.18665).
//!
//! Does: PGR is the share of the gap between the models that a setting recovers; APGR its integral over the share of requests
//! that the strong model gets, from 0 (the weak model alone, PGR 0) to 1 (the strong model alone, PGR 1); CPT(x) the least
//! share of strong calls at which a setting recovers x. The code of RouteLLM differs: its APGR covers only the shares that were
//! swept, and its CPT interpolates the share over quality with `numpy.interp`, which needs a quality that rises with the
//! share and reads something else where it does not. Assumes: exactly two models. APGR above 1 is possible. Example: settings
//! at shares .2 and .6 with PGR .5 and .9 have CPT(80 %) = .6, and .5 by the code.

use super::trapezoids;
use crate::{About, Better, about};

/// [`pgr`] of a setting.
pub const PGR: About = about(
    "pgr",
    "share",
    Better::Higher,
    "share of the quality gap between the weak and the strong model that the router recovers, where there are two models \
     (RouteLLM)",
);

/// [`apgr`].
pub const APGR: About = about(
    "apgr",
    "share",
    Better::Higher,
    "`pgr` integrated over the share of strong calls from 0 to 1, where there are two models (RouteLLM, paper)",
);

/// [`apgr_routellm`].
pub const APGR_ROUTELLM: About = about(
    "apgr_routellm",
    "share",
    Better::Higher,
    "mean `pgr` over the shares of strong calls that were swept, by trapezoids (RouteLLM, code)",
);

/// [`cpt`] at one half.
pub const CPT_50: About = about(
    "cpt_50",
    "share",
    Better::Lower,
    "least share of strong calls of a setting that recovers 50 % of the gap, where there are two models (RouteLLM, first \
     crossing); none where none does",
);

/// [`cpt`] at eight tenths.
pub const CPT_80: About = about(
    "cpt_80",
    "share",
    Better::Lower,
    "least share of strong calls of a setting that recovers 80 % of the gap, where there are two models (RouteLLM, first \
     crossing); none where none does",
);

/// [`cpt_routellm`] at one half.
pub const CPT_50_ROUTELLM: About = about(
    "cpt_50_routellm",
    "share",
    Better::Lower,
    "share of strong calls at 50 % of the gap by `numpy.interp` over quality, which misreads curves that fall anywhere \
     (RouteLLM, code)",
);

/// [`cpt_routellm`] at eight tenths.
pub const CPT_80_ROUTELLM: About = about(
    "cpt_80_routellm",
    "share",
    Better::Lower,
    "share of strong calls at 80 % of the gap by `numpy.interp` over quality, which misreads curves that fall anywhere \
     (RouteLLM, code)",
);

/// The mean qualities of the two models on the same requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Of the weak model.
    pub weak: f64,
    /// Of the strong model.
    pub strong: f64,
}

/// What a setting makes of the two models.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// Share of requests that the strong model gets, in [0, 1].
    pub strong: f64,
    /// Mean quality.
    pub quality: f64,
}

/// (quality - weak) / (strong - weak); none where the strong model is not the better one.
pub fn pgr(quality: f64, pair: Pair) -> Option<f64> {
    (pair.strong > pair.weak).then(|| (quality - pair.weak) / (pair.strong - pair.weak))
}

/// The integral of [`pgr`] over shares in [0, 1], by trapezoids through the settings and the two models themselves.
pub fn apgr(settings: &[Split], pair: Pair) -> Option<f64> {
    let mut line = vec![(0.0, 0.0)];
    for setting in by_share(settings) {
        line.push((setting.strong, pgr(setting.quality, pair)?));
    }
    line.push((1.0, 1.0));
    (line.len() > 2).then(|| trapezoids(line))
}

/// The mean of [`pgr`] over the range of shares that `settings` cover, by trapezoids; none where that is a single share.
pub fn apgr_routellm(settings: &[Split], pair: Pair) -> Option<f64> {
    let sorted = by_share(settings);
    let width = sorted.last()?.strong - sorted.first()?.strong;
    let line: Option<Vec<(f64, f64)>> = sorted.iter().map(|one| Some((one.strong, pgr(one.quality, pair)?))).collect();
    (width > 0.0).then_some(trapezoids(line?) / width)
}

/// The least share of strong calls among `settings` of which [`pgr`] is at least `target`: the first crossing of the running
/// maximum. None where none reaches it.
pub fn cpt(settings: &[Split], pair: Pair, target: f64) -> Option<f64> {
    let reaches = |one: &&Split| pgr(one.quality, pair).is_some_and(|recovered| recovered >= target);
    settings.iter().filter(reaches).map(|one| one.strong).reduce(f64::min)
}

/// `numpy.interp` of the share of strong calls at the quality that recovers `target`, over `settings` in the order of their
/// shares: below the first quality its share, above the last that of the last, whether qualities rise or not. None without
/// settings, or where the strong model is not the better one.
pub fn cpt_routellm(settings: &[Split], pair: Pair, target: f64) -> Option<f64> {
    let sorted = by_share(settings);
    let (first, last) = (sorted.first()?, sorted.last()?);
    let wanted = target * (pair.strong - pair.weak) + pair.weak;
    if pair.strong <= pair.weak {
        return None;
    }
    if wanted > last.quality || wanted < first.quality {
        return Some(if wanted > last.quality { last.strong } else { first.strong });
    }
    let place = place(&sorted, wanted);
    let left = sorted[place];
    let Some(right) = sorted.get(place + 1).filter(|_| left.quality != wanted) else { return Some(left.strong) };
    let slope = (right.strong - left.strong) / (right.quality - left.quality);
    Some(slope * (wanted - left.quality) + left.strong)
}

/// Where numpy's search for `wanted` ends: the last place not above it in a list that rises, and some place in one that does
/// not. Lists of up to four are gone through from the left. In others the second to fourth place are looked at, then, where
/// there are more than ten, the tenth, and then the rest is halved.
fn place(sorted: &[Split], wanted: f64) -> usize {
    let (count, below) = (sorted.len(), |place: usize| wanted < sorted[place].quality);
    let near = if count <= 4 { count } else { 4 };
    if let Some(first) = (1..near).find(|&place| below(place)) {
        return first - 1;
    }
    if count <= 4 {
        return count - 1;
    }
    let (mut low, mut high) = (3, if count > 10 && below(9) { 9 } else { count });
    while low < high {
        let middle = low + (high - low) / 2;
        if below(middle) { high = middle } else { low = middle + 1 }
    }
    low - 1
}

fn by_share(settings: &[Split]) -> Vec<Split> {
    let mut sorted = settings.to_vec();
    sorted.sort_by(|left, right| left.strong.total_cmp(&right.strong));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: Pair = Pair { weak: 0.5, strong: 0.7 };

    /// Settings from (share of strong calls, PGR).
    fn settings(all: &[(f64, f64)]) -> Vec<Split> {
        all.iter().map(|&(strong, recovered)| Split { strong, quality: 0.5 + 0.2 * recovered }).collect()
    }

    #[test]
    fn a_random_mix_recovers_one_half_on_average() {
        let mix = settings(&[(0.75, 0.75), (0.25, 0.25)]);
        assert!((apgr(&mix, PAIR).unwrap() - 0.5).abs() < 1e-12);
        assert!((apgr_routellm(&mix, PAIR).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(apgr(&[], PAIR), None);
        assert_eq!(apgr_routellm(&mix[..1], PAIR), None);
    }

    #[test]
    fn the_first_crossing_is_the_cheapest_setting_that_recovers_enough() {
        let falls = settings(&[(0.1, 0.3), (0.3, 0.6), (0.5, 0.5), (0.7, 0.85), (0.9, 0.7), (1.0, 1.0)]);
        assert_eq!(cpt(&falls, PAIR, 0.8), Some(0.7));
        assert_eq!(cpt(&falls[..2], PAIR, 0.8), None);
        let code = cpt_routellm(&falls, PAIR, 0.8).unwrap();
        let behind_the_dip = 0.5 + 0.2 * (0.3 / 0.35);
        assert!((code - behind_the_dip).abs() < 1e-12, "numpy interpolates from the third setting: {code}");
    }

    #[test]
    fn two_equal_models_have_no_gap_to_recover() {
        let same = Pair { weak: 0.5, strong: 0.5 };
        let mix = settings(&[(0.2, 0.2), (0.6, 0.6)]);
        assert_eq!((pgr(0.5, same), apgr(&mix, same), cpt(&mix, same, 0.5)), (None, None, None));
        assert_eq!(cpt_routellm(&mix, same, 0.5), None);
    }
}

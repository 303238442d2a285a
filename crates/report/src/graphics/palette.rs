//! Colours of a picture to at most 256: a chart of flat colours is a third as large that way.

/// Levels of a channel that are told apart.
const LEVELS: usize = 32;
/// Colours of a palette.
const MOST: usize = 256;

/// A picture as the number of a colour for each dot.
pub(crate) struct Indexed {
    /// Red, green and blue of each colour.
    pub palette: Vec<u8>,
    /// One for each dot.
    pub dots: Vec<u8>,
}

/// The picture of `rgb` (three bytes a dot) in its most frequent colours, the others in the nearest of these.
pub(crate) fn indexed(rgb: &[u8]) -> Indexed {
    let mut counts = vec![0u32; LEVELS * LEVELS * LEVELS];
    let mut sums = vec![[0u64; 3]; counts.len()];
    for dot in rgb.chunks_exact(3) {
        counts[cell(dot)] += 1;
        sums[cell(dot)].iter_mut().zip(dot).for_each(|(sum, part)| *sum += u64::from(*part));
    }
    // Flat regions outweigh soft edges, so that the mean of near colours is the flat one: no hue changes.
    let mean =
        |cell: usize| sums[cell].map(|sum| ((sum + u64::from(counts[cell] / 2)) / u64::from(counts[cell])) as u8);
    let mut used: Vec<usize> = (0..counts.len()).filter(|&cell| counts[cell] > 0).collect();
    used.sort_by_key(|&cell| (std::cmp::Reverse(counts[cell]), cell));
    let kept = &used[..used.len().min(MOST)];
    let mut numbers = vec![0u8; counts.len()];
    for &cell in &used {
        let nearest = kept.iter().enumerate().min_by_key(|(_, other)| distance(cell, **other));
        numbers[cell] = nearest.map_or(0, |(number, _)| number as u8);
    }
    Indexed {
        palette: kept.iter().flat_map(|&cell| mean(cell)).collect(),
        dots: rgb.chunks_exact(3).map(|dot| numbers[cell(dot)]).collect(),
    }
}

fn cell(dot: &[u8]) -> usize {
    dot.iter().fold(0, |cell, &part| cell * LEVELS + (usize::from(part) * (LEVELS - 1) + 127) / 255)
}

fn parts(cell: usize) -> [usize; 3] {
    [cell / (LEVELS * LEVELS), cell / LEVELS % LEVELS, cell % LEVELS]
}

fn distance(left: usize, right: usize) -> usize {
    parts(left).iter().zip(parts(right)).map(|(left, right)| left.abs_diff(right) * left.abs_diff(right)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_stay_as_they_are() {
        let rgb = [255, 255, 255, 0, 0, 0, 255, 255, 255, 239, 230, 213];
        let Indexed { palette, dots } = indexed(&rgb);
        let back: Vec<u8> = dots.iter().flat_map(|&dot| palette[3 * usize::from(dot)..][..3].to_vec()).collect();
        assert_eq!(back, rgb);
        assert_eq!(palette[..3], [255, 255, 255], "the most frequent comes first");
    }

    #[test]
    fn many_colours_become_near_ones() {
        let rgb: Vec<u8> =
            (0..4096u32).flat_map(|n| [(n % 16 * 17) as u8, (n / 16 % 16 * 17) as u8, (n / 256 * 17) as u8]).collect();
        let Indexed { palette, dots } = indexed(&rgb);
        assert_eq!((palette.len(), dots.len()), (3 * MOST, 4096));
    }
}

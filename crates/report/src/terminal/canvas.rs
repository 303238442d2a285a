//! A page of braille letters, two dots wide and four high each; a letter has one colour, that of who drew there first.

use crate::graphics::scene::{Area, Color, Point, clipped};

/// Columns x rows of letters.
pub(super) struct Canvas {
    columns: usize,
    cells: Vec<Cell>,
}

#[derive(Clone, Default)]
struct Cell {
    dots: u8,
    letter: Option<char>,
    color: Option<Color>,
}

/// Bits of the dots of a braille letter by row, then column (Unicode 2800).
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

impl Canvas {
    pub fn new(columns: usize, rows: usize) -> Canvas {
        Canvas { columns, cells: vec![Cell::default(); columns * rows] }
    }

    fn rows(&self) -> usize {
        self.cells.len() / self.columns
    }

    /// The dot at a share of the width from the left and of the height from below; outside of 0 to 1 there is none.
    fn dot(&mut self, (x, y): (f64, f64), color: Color) {
        let Some((column, row)) = self.place((x, y), (2, 4)) else { return };
        let cell = &mut self.cells[row / 4 * self.columns + column / 2];
        cell.dots |= BITS[row % 4][column % 2];
        cell.color.get_or_insert(color);
    }

    /// Column and row from above on a grid that is `fine` times as fine as the letters.
    fn place(&self, (x, y): (f64, f64), fine: (usize, usize)) -> Option<(usize, usize)> {
        if !((0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y)) {
            return None;
        }
        let (width, height) = (self.columns * fine.0 - 1, self.rows() * fine.1 - 1);
        Some((libm::round(x * width as f64) as usize, libm::round((1.0 - y) * height as f64) as usize))
    }

    /// A straight line of dots between two shares of the page.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), color: Color) {
        let page = Area { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0 };
        let Some((from, to)) = clipped(Point { x: from.0, y: from.1 }, Point { x: to.0, y: to.1 }, page) else {
            return;
        };
        let (from, to) = ((from.x, from.y), (to.x, to.y));
        let (width, height) = ((self.columns * 2) as f64, (self.rows() * 4) as f64);
        let steps = libm::ceil(libm::fmax((to.0 - from.0).abs() * width, (to.1 - from.1).abs() * height)) as usize + 1;
        for step in 0..=steps {
            let share = step as f64 / steps as f64;
            self.dot((from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1)), color);
        }
    }

    /// Writes `letter` at a share of the page unless another one stands there; says whether it did.
    pub fn letter(&mut self, at: (f64, f64), letter: char, color: Color) -> bool {
        let Some((column, row)) = self.place(at, (1, 1)) else { return false };
        let cell = &mut self.cells[row * self.columns + column];
        if cell.letter.is_some() {
            return false;
        }
        *cell = Cell { letter: Some(letter), color: Some(color), ..*cell };
        true
    }

    /// The lines from above, each a list of letters with their colours; empty places are spaces.
    pub fn lines(&self) -> impl Iterator<Item = Vec<(char, Option<Color>)>> {
        self.cells.chunks(self.columns).map(|row| row.iter().map(Cell::written).collect())
    }
}

impl Cell {
    fn written(&self) -> (char, Option<Color>) {
        let braille = char::from_u32(0x2800 + u32::from(self.dots)).filter(|_| self.dots > 0);
        (self.letter.or(braille).unwrap_or(' '), self.color)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INK: Color = Color::hex(0x123456);

    fn text(canvas: &Canvas) -> Vec<String> {
        canvas.lines().map(|line| line.into_iter().map(|(letter, _)| letter).collect()).collect()
    }

    #[test]
    fn a_level_line_along_the_floor_is_the_lowest_dots() {
        let mut canvas = Canvas::new(3, 2);
        canvas.line((0.0, 0.0), (1.0, 0.0), INK);
        assert_eq!(text(&canvas), ["   ", "\u{28c0}\u{28c0}\u{28c0}"]);
    }

    #[test]
    fn letters_stand_before_dots_and_keep_their_place() {
        let mut canvas = Canvas::new(2, 1);
        canvas.line((0.0, 1.0), (1.0, 1.0), INK);
        assert!(canvas.letter((0.0, 1.0), 'a', INK) && !canvas.letter((0.1, 0.9), 'b', INK));
        assert!(!canvas.letter((1.1, 0.0), 'c', INK));
        assert_eq!(text(&canvas), ["a\u{2809}"]);
    }

    #[test]
    fn a_line_to_anywhere_ends_at_the_edge() {
        let mut canvas = Canvas::new(3, 1);
        for far in [f64::INFINITY, f64::NAN, 1e300, 1e12] {
            canvas.line((0.0, 0.0), (far, 0.0), INK);
        }
        assert_eq!(text(&canvas), ["\u{28c0}\u{28c0}\u{28c0}"]);
    }
}

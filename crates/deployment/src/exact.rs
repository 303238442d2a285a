//! Numbers in JSON that are read as the very bits that were written.
//!
//! JSON's own numbers go through a reader that may round the last bit; text is read by Rust's, which does not.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A number in double precision, as its shortest text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exact(pub f64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Exact, D::Error> {
        let text = String::deserialize(from)?;
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Exact).ok_or_else(|| D::Error::custom(format!("a number as text, got `{text}`")))
    }
}

/// Numbers in single precision, as the hexadecimal digits of their bits, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Bits(pub Vec<f32>);

/// Digits of a number.
const DIGITS: usize = 8;

impl Serialize for Bits {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|number| number.to_bits().to_be_bytes()).collect();
        to.serialize_str(&routing::hexadecimal(&bytes))
    }
}

impl<'de> Deserialize<'de> for Bits {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Bits, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = || D::Error::custom(format!("numbers must have {DIGITS} hexadecimal digits each"));
        if !text.is_ascii() || !text.len().is_multiple_of(DIGITS) {
            return Err(wrong());
        }
        let numbers = (0..text.len()).step_by(DIGITS).map(|at| u32::from_str_radix(&text[at..][..DIGITS], 16));
        let numbers = numbers.map(|bits| bits.map(f32::from_bits).ok().filter(|number| number.is_finite()));
        numbers.collect::<Option<_>>().map(Bits).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_is_read_as_it_was_written() {
        for number in [0.1, 1.0 / 3.0, f64::MIN_POSITIVE, 1e300, -0.0, 0.1 + 0.2] {
            let text = serde_json::to_string(&Exact(number)).unwrap();
            let Exact(read) = serde_json::from_str(&text).unwrap();
            assert_eq!(read.to_bits(), number.to_bits(), "{text}");
        }
        let numbers = Bits(vec![0.1, -0.0, f32::MIN_POSITIVE, 3.0e38]);
        let text = serde_json::to_string(&numbers).unwrap();
        assert_eq!(serde_json::from_str::<Bits>(&text).unwrap(), numbers);
        for bad in ["\"12\"", "\"7fc00000\"", "\"zzzzzzzz\"", "1"] {
            assert!(serde_json::from_str::<Bits>(bad).is_err(), "{bad}");
        }
    }
}

//! A frozen router as data, so that it can leave the laboratory and decide elsewhere, bit for bit as it did here.

use serde_json::Value;

/// What a frozen router consists of: enough to build it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// Kind of router, the name under which it is restored.
    pub form: String,
    /// What is not a tensor: a table of numbers and names, `{}` where there is nothing.
    pub settings: Value,
    /// Its numbers, by name.
    pub tensors: Vec<Tensor>,
}

/// Numbers of one shape under a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Name, unique in a router.
    pub name: String,
    /// Extents, row-major; their product is the number of values.
    pub shape: Vec<usize>,
    /// The numbers.
    pub values: Values,
}

/// Numbers in the precision in which they are used.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Single precision: features and networks.
    F32(Vec<f32>),
    /// Double precision: statistics and money.
    F64(Vec<f64>),
}

/// Why a saved router cannot be restored.
#[derive(Clone, Debug, PartialEq)]
pub struct NotRestored {
    /// Which part of it: a tensor, a setting, the form.
    pub part: String,
    /// What it must be.
    pub rule: String,
    /// What it is.
    pub value: String,
}

impl NotRestored {
    /// The error that `part` must be `rule` and is `value`.
    pub fn new(part: impl Into<String>, rule: impl Into<String>, value: impl std::fmt::Display) -> NotRestored {
        NotRestored { part: part.into(), rule: rule.into(), value: value.to_string() }
    }
}

impl std::fmt::Display for NotRestored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} must be {}, got {}", self.part, self.rule, self.value)
    }
}

impl std::error::Error for NotRestored {}

impl Saved {
    /// A router without numbers or settings.
    pub fn bare(form: &str) -> Saved {
        Saved { form: form.into(), settings: Value::Object(serde_json::Map::new()), tensors: Vec::new() }
    }

    /// With one tensor more.
    pub fn with(mut self, name: &str, shape: &[usize], values: Values) -> Saved {
        self.tensors.push(Tensor { name: name.into(), shape: shape.into(), values });
        self
    }

    /// The single-precision tensor `name`, which must have `shape`.
    ///
    /// # Errors
    /// [`NotRestored`] if there is none, or one of another shape or precision, or with a number that is not finite.
    pub fn f32(&self, name: &str, shape: &[usize]) -> Result<&[f32], NotRestored> {
        match &self.find(name, shape)?.values {
            Values::F32(values) => finite(name, values, |x| x.is_finite()),
            Values::F64(_) => Err(NotRestored::new(part(name), "of single precision", "double precision")),
        }
    }

    /// The double-precision tensor `name`, which must have `shape`.
    ///
    /// # Errors
    /// As [`Saved::f32`].
    pub fn f64(&self, name: &str, shape: &[usize]) -> Result<&[f64], NotRestored> {
        match &self.find(name, shape)?.values {
            Values::F64(values) => finite(name, values, |x| x.is_finite()),
            Values::F32(_) => Err(NotRestored::new(part(name), "of double precision", "single precision")),
        }
    }

    /// With numbers of which there may be none, as a list of them under `name`.
    pub fn with_optional(self, name: &str, number: Option<f64>) -> Saved {
        let numbers: Vec<f64> = number.into_iter().collect();
        self.with(name, &[numbers.len()], Values::F64(numbers))
    }

    /// The number that [`Saved::with_optional`] put under `name`.
    ///
    /// # Errors
    /// As [`Saved::f64`], and for more than one number.
    pub fn optional(&self, name: &str) -> Result<Option<f64>, NotRestored> {
        match self.rows(name, &[])? {
            0 => Ok(None),
            _ => Ok(Some(self.f64(name, &[1])?[0])),
        }
    }

    /// The number that stands alone under `name`.
    ///
    /// # Errors
    /// As [`Saved::f64`].
    pub fn number(&self, name: &str) -> Result<f64, NotRestored> {
        Ok(self.f64(name, &[1])?[0])
    }

    /// The count that stands alone under `name`.
    ///
    /// # Errors
    /// As [`Saved::f64`], and for a number that is no count.
    pub fn count(&self, name: &str) -> Result<u64, NotRestored> {
        let number = self.number(name)?;
        let rule = "a whole number from 0 to 2^53";
        let whole = number >= 0.0 && number.fract() == 0.0 && number <= 9_007_199_254_740_992.0;
        if whole { Ok(number as u64) } else { Err(NotRestored::new(part(name), rule, number)) }
    }

    /// The number of rows of the tensor `name`, whose other extents must be `rest`.
    ///
    /// # Errors
    /// [`NotRestored`] if there is none or it has another shape.
    pub fn rows(&self, name: &str, rest: &[usize]) -> Result<usize, NotRestored> {
        let rule = || match rest {
            [] => "there with shape [rows]".to_owned(),
            _ => format!("there with shape [rows, {}]", list(rest)),
        };
        match self.tensors.iter().find(|tensor| tensor.name == name).map(|tensor| tensor.shape.as_slice()) {
            Some([rows, others @ ..]) if others == rest => Ok(*rows),
            Some(shape) => Err(NotRestored::new(part(name), rule(), format!("[{}]", list(shape)))),
            None => Err(NotRestored::new(part(name), rule(), "nothing")),
        }
    }

    fn find(&self, name: &str, shape: &[usize]) -> Result<&Tensor, NotRestored> {
        let rule = || format!("there with shape [{}]", list(shape));
        let tensor = self.tensors.iter().find(|tensor| tensor.name == name);
        let tensor = tensor.ok_or_else(|| NotRestored::new(part(name), rule(), "nothing"))?;
        if tensor.shape == shape {
            return Ok(tensor);
        }
        Err(NotRestored::new(part(name), rule(), format!("[{}]", list(&tensor.shape))))
    }
}

fn finite<'a, T: Copy>(name: &str, values: &'a [T], good: impl Fn(T) -> bool) -> Result<&'a [T], NotRestored> {
    match values.iter().position(|&value| !good(value)) {
        None => Ok(values),
        Some(place) => Err(NotRestored::new(part(name), "finite numbers", format!("another at position {place}"))),
    }
}

fn part(name: &str) -> String {
    format!("tensor `{name}`")
}

fn list(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

//! What happens to a router that goes on learning, as data: what is kept of it, and what is refused.

use crate::exact::{Bits, Exact};
use routing::Preference;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Requests that wait for their outcome at most; the oldest is given up for a new one. Each takes d + K numbers.
pub(crate) const MOST_WAITING: usize = 100_000;

/// What happened, with its number: they ascend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Position among all entries, from 1.
    pub n: u64,
    /// What happened.
    pub event: Event,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Event {
    /// A request without id was routed: nothing will be heard of it.
    Passed {},
    /// A request was routed.
    Routed(Routed),
    /// What came of a request was learnt.
    Learnt(Told),
    /// Requests whose outcomes were learnt long ago.
    Remembered(Vec<String>),
}

/// A routed request: what is needed to learn from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routed {
    /// The caller's name for it.
    pub id: String,
    /// The model that was chosen.
    pub model: String,
    /// Probability of that choice.
    pub propensity: Exact,
    /// Weight on cost.
    pub w_cost: Exact,
    /// List price of each model that was known, dollars.
    pub prices: Vec<Exact>,
    /// Models that could not be called.
    pub without: Vec<String>,
    /// Features of the prompt.
    pub features: Bits,
    /// What the caller said of it and wants to see again, such as a time.
    pub about: Map<String, Value>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// The request.
    pub id: String,
    /// How good the answer was, in [0, 1].
    pub quality: Exact,
    /// What it cost, dollars.
    pub dollars: Exact,
    /// How long it took, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Exact>,
}

/// A prompt to be routed.
#[derive(Clone, Debug)]
pub struct Request {
    /// The caller's name for it; none: nothing will be heard of it.
    pub id: Option<String>,
    /// Features, d numbers.
    pub features: Vec<f32>,
    /// How much quality matters against cost.
    pub preference: Preference,
    /// What the caller says of it and wants to see again.
    pub about: Map<String, Value>,
}

/// Why a request or an outcome is refused. Nothing changes then.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// Another request has the id.
    Taken {
        /// The id.
        id: String,
    },
    /// No request has the id, or it is no longer remembered.
    Unknown {
        /// The id.
        id: String,
    },
    /// What came of the request was learnt before.
    Repeated {
        /// The id.
        id: String,
    },
    /// A number breaks a rule.
    Number {
        /// The id.
        id: String,
        /// Name of the number.
        field: &'static str,
        /// What it must be.
        rule: &'static str,
        /// What it is.
        value: String,
    },
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refused::Taken { id } => write!(f, "request `{id}`: the id must be new, and another request has it"),
            Refused::Unknown { id } => write!(
                f,
                "request `{id}` must have been routed before its outcome, and be among the last {MOST_WAITING} that wait: \
                 unknown"
            ),
            Refused::Repeated { id } => write!(f, "request `{id}`: its outcome was learnt before, and is learnt once"),
            Refused::Number { id, field, rule, value } => {
                write!(f, "request `{id}`: `{field}` must be {rule}, got {value}")
            }
        }
    }
}

impl std::error::Error for Refused {}

/// Why entries do not fit a file.
#[derive(Clone, Debug, PartialEq)]
pub enum NotReplayed {
    /// An entry is numbered as one before it, or a number before that.
    Order {
        /// Its number.
        n: u64,
        /// The number before.
        before: u64,
    },
    /// The file lacks what entries before these had taught it.
    Gap {
        /// Number of the first entry that changes something.
        n: u64,
        /// Number of the last entry in the file.
        folded: u64,
    },
    /// An entry names what the router does not have.
    Misfit {
        /// Its number.
        n: u64,
        /// What does not fit.
        problem: String,
    },
}

impl std::fmt::Display for NotReplayed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NotReplayed::Order { n, before } => {
                write!(f, "entry {n}: numbers must ascend, and entry {before} is before it")
            }
            NotReplayed::Gap { n, folded } => {
                write!(f, "entry {n}: the router must hold all entries before it, and holds those up to {folded}")
            }
            NotReplayed::Misfit { n, problem } => write!(f, "entry {n}: {problem}"),
        }
    }
}

impl std::error::Error for NotReplayed {}

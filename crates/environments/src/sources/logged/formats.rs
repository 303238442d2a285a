//! The logs that gateways and tracers write: for each a table of columns in a file of its own.

use super::LogColumns;

/// A layout of logs that is known by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogFormat {
    /// Its name on the command line.
    pub name: &'static str,
    /// What writes it, in a sentence.
    pub about: &'static str,
    /// Where its columns were read; none: from memory.
    pub source: Option<&'static str>,
    /// Its map of columns, as TOML.
    pub columns: &'static str,
}

/// Every known layout, in alphabetical order.
pub const LOG_FORMATS: &[LogFormat] = &[
    LogFormat {
        name: "helicone",
        about: "Helicone's export of requests (JSONL, CSV)",
        source: None,
        columns: include_str!("formats/helicone.toml"),
    },
    LogFormat {
        name: "langfuse",
        about: "Langfuse's export of enriched observations; its scores join by --feedback",
        source: Some("https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields"),
        columns: include_str!("formats/langfuse.toml"),
    },
    LogFormat {
        name: "litellm",
        about: "LiteLLM's StandardLoggingPayload (JSONL)",
        source: Some("https://docs.litellm.ai/docs/proxy/logging_spec"),
        columns: include_str!("formats/litellm.toml"),
    },
    LogFormat {
        name: "litellm-spend",
        about: "LiteLLM's table of spend logs (CSV, JSONL, parquet)",
        source: None,
        columns: include_str!("formats/litellm-spend.toml"),
    },
    LogFormat {
        name: "mlflow",
        about: "MLflow's traces, from mlflow.search_traces(); needs --prices",
        source: None,
        columns: include_str!("formats/mlflow.toml"),
    },
    LogFormat {
        name: "openrouter",
        about: "OpenRouter's activity (CSV); without prompts and scores",
        source: None,
        columns: include_str!("formats/openrouter.toml"),
    },
    LogFormat {
        name: "opentelemetry",
        about: "spans of OpenTelemetry's gen_ai conventions (JSONL); needs --prices",
        source: Some("https://opentelemetry.io/docs/specs/semconv/gen-ai/"),
        columns: include_str!("formats/opentelemetry.toml"),
    },
    LogFormat {
        name: "portkey",
        about: "Portkey's export of logs (JSONL), whose costs are cents",
        source: Some("https://portkey.ai/docs/product/observability/logs-export"),
        columns: include_str!("formats/portkey.toml"),
    },
    LogFormat {
        name: "tensorzero",
        about: "TensorZero's inferences joined with model inferences (JSONL); feedback joins by --feedback; needs --prices",
        source: Some("https://tensorzero.com/docs/gateway/data-model"),
        columns: include_str!("formats/tensorzero.toml"),
    },
];

impl LogFormat {
    /// The layout called `name`.
    pub fn named(name: &str) -> Option<&'static LogFormat> {
        LOG_FORMATS.iter().find(|format| format.name == name)
    }

    /// Its map of columns as a table, into which others may be written.
    pub fn table(&self) -> toml::Table {
        self.columns.parse().expect("a test parses every map of columns")
    }

    /// Its map of columns.
    pub fn map(&self) -> LogColumns {
        self.table().try_into().expect("a test reads every map of columns")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_has_a_map_and_a_place_in_the_alphabet() {
        for format in LOG_FORMATS {
            let map = format.map();
            assert!(!map.id.is_empty() && map.model.is_some(), "{}", format.name);
        }
        assert!(LOG_FORMATS.is_sorted_by_key(|format| format.name));
        assert_eq!(LogFormat::named("portkey").unwrap().map().cost_unit, 0.01);
        assert_eq!(LogFormat::named("none"), None);
    }
}

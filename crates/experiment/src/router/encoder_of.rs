//! Whether an encoder really made the features of a world: a router may read text only if it did.

use crate::features::{cosine, open_encoder};
use crate::plan::{Plan, PlannedEnvironment};
use deployment::EncoderCard;
use encoder::Encoder;
use environments::sources::wide::ColumnMap;
use settings::SpecError;
use store::{Column, Dialect, Frame};

/// Prompts that are encoded again to see whose features they have.
const CHECKED: usize = 8;

/// Least cosine between the features of a prompt and its encoding; the same encoder elsewhere may round differently.
const AGREEMENT: f64 = 0.999;

impl Plan {
    /// The encoder that made the features of an environment (of the only one, where `environment` is none): the `stated`
    /// one, or the environment's own where some of its prompts are encoded again and agree; none where that is not known.
    ///
    /// # Errors
    /// [`SpecError`] for an unknown encoder, and for a stated one that did not make the features.
    pub fn encoder_of_features(
        &self,
        environment: Option<&str>,
        stated: Option<&str>,
    ) -> Result<Option<EncoderCard>, SpecError> {
        let wanted = |planned: &&PlannedEnvironment| environment.is_none_or(|label| planned.label == label);
        // An unknown label is refused by `Plan::train`.
        let Some(planned) = self.environments.iter().find(wanted) else { return Ok(None) };
        let place = self.spec.place.table(format!("[[environment]] {}", planned.label));
        let own = planned.parameters.get("encoder").and_then(|name| name.as_str());
        let Some(name) = stated.or(own) else { return Ok(None) };
        let encoder = match open_encoder(name, None) {
            Ok(encoder) => encoder,
            Err(problem) if stated.is_some() => return Err(place.error(problem)),
            Err(_) => return Ok(None),
        };
        let card = EncoderCard { name: name.into(), fingerprint: encoder.fingerprint() };
        match disagreement(planned, &*encoder) {
            None => Ok(Some(card)),
            Some(problem) if stated.is_some() => {
                Err(place.error(format!("`--encoder` must be the one that made the features, got `{name}`: {problem}")))
            }
            Some(_) => Ok(None),
        }
    }
}

/// Why `encoder` cannot have made the features of `planned`; none if it did.
fn disagreement(planned: &PlannedEnvironment, encoder: &dyn Encoder) -> Option<String> {
    let Some(file) = planned.parameters["file"].as_str().filter(|_| planned.kind == "recorded") else {
        return Some("they are generated, not encoded".into());
    };
    if encoder.width() != planned.world.dimension() {
        return Some(format!("it gives {} numbers, they have {}", encoder.width(), planned.world.dimension()));
    }
    let columns: ColumnMap = serde_json::from_value(planned.parameters["columns"].clone()).unwrap_or_default();
    let dialect: Option<Dialect> = serde_json::from_value(planned.parameters["csv"].clone()).unwrap_or_default();
    let frame = match store::read_with(file.as_ref(), &dialect.unwrap_or_default()) {
        Ok(frame) => frame,
        Err(error) => return Some(error.to_string()),
    };
    let (Some(ids), Some(prompts)) = (texts(&frame, &columns.id), texts(&frame, &columns.prompt)) else {
        return Some(format!("{file}: no column `{}` of texts beside `{}`", columns.prompt, columns.id));
    };
    let table = planned.world.pool(&routing::Seed::root(0));
    let mut features = vec![0.0; encoder.width()];
    for row in 0..table.len().min(CHECKED) {
        let Some(place) = ids.iter().position(|id| id == table.id(row)) else {
            return Some(format!("{file}: prompt `{}` is not in it", table.id(row)));
        };
        encoder.encode(&prompts[place], &mut features);
        let cosine = cosine(&features, table.features(row));
        if cosine < AGREEMENT {
            return Some(format!(
                "the encoding of prompt `{}` has cosine {cosine:.4} with its features",
                table.id(row)
            ));
        }
    }
    None
}

fn texts(frame: &Frame, name: &str) -> Option<Vec<String>> {
    let column = frame.column(name)?;
    let holds_text = column.flaw().is_none() && !matches!(column, Column::Vectors { .. });
    holds_text.then(|| (0..column.len()).map(|row| column.text(row).unwrap_or_default()).collect())
}

//! Prompts x models, filled cell by cell in any order: what data sets of other layouts become before they are wide tables.

use super::Pricing;
use crate::Tokens;
use crate::sources::wide::ColumnMap;
use std::collections::BTreeMap;
use store::{Column, Frame};

/// One model's answer to one prompt; None is a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Answer {
    /// Score, checked by [`crate::sources::wide`].
    pub quality: Option<f64>,
    /// Dollars.
    pub cost: Option<f64>,
    /// Tokens that the model read.
    pub input_tokens: Option<u32>,
    /// Tokens that the model wrote.
    pub output_tokens: Option<u32>,
}

/// A prompt, with an answer for each model that gave one.
#[derive(Clone, Debug)]
struct Prompt {
    id: String,
    task: String,
    text: Option<String>,
    answers: BTreeMap<usize, Answer>,
}

/// A table that is filled cell by cell: prompts and models in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    models: Vec<String>,
    model_places: BTreeMap<String, usize>,
    prompts: Vec<Prompt>,
    prompt_places: BTreeMap<String, usize>,
    notes: Vec<String>,
}

impl Matrix {
    /// Names of the models.
    pub fn models(&self) -> &[String] {
        &self.models
    }

    /// What a user must know of how the table was made.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Adds something that a user must know.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Place of the prompt `id`, entered if it is new.
    pub(super) fn prompt(&mut self, id: &str, task: &str, text: Option<String>) -> usize {
        if let Some(&place) = self.prompt_places.get(id) {
            return place;
        }
        let place = self.prompts.len();
        self.prompt_places.insert(id.to_owned(), place);
        self.prompts.push(Prompt { id: id.to_owned(), task: task.to_owned(), text, answers: BTreeMap::new() });
        place
    }

    /// Whether the prompt at `place` has this task and text.
    pub(super) fn agrees(&self, place: usize, task: &str, text: Option<&str>) -> bool {
        let prompt = &self.prompts[place];
        prompt.task == task && prompt.text.as_deref() == text
    }

    /// Whether the prompt `id` was entered.
    pub(super) fn has_prompt(&self, id: &str) -> bool {
        self.prompt_places.contains_key(id)
    }

    /// Place of a model, entered if it is new.
    pub(super) fn model(&mut self, name: &str) -> usize {
        if let Some(&place) = self.model_places.get(name) {
            return place;
        }
        self.model_places.insert(name.to_owned(), self.models.len());
        self.models.push(name.to_owned());
        self.models.len() - 1
    }

    /// Enters an answer; the answer that stood there before, if there was one.
    pub(super) fn answer(&mut self, prompt: usize, model: usize, answer: Answer) -> Option<Answer> {
        self.prompts[prompt].answers.insert(model, answer)
    }

    /// Fills in the dollars of answers that have tokens and no dollars.
    ///
    /// # Errors
    /// When there is no book or date, or the book has no price of a model on that day; the message names the model.
    pub(super) fn price(&mut self, pricing: &Pricing) -> Result<(), String> {
        let (Some(book), Some(date)) = (&pricing.prices, pricing.date) else {
            return Err("tokens need a price book and a date".to_owned());
        };
        for prompt in &mut self.prompts {
            for (&model, answer) in &mut prompt.answers {
                let (None, Some(input), Some(output)) = (answer.cost, answer.input_tokens, answer.output_tokens) else {
                    continue;
                };
                let tokens = Tokens { input, cached: 0, output };
                let dollars = book.dollars(&self.models[model], date, tokens);
                answer.cost = Some(dollars.map_err(|error| error.message)?.0);
            }
        }
        Ok(())
    }

    /// Makes every answer cost nothing.
    pub(super) fn make_free(&mut self) {
        for answer in self.prompts.iter_mut().flat_map(|prompt| prompt.answers.values_mut()) {
            answer.cost = Some(0.0);
        }
    }

    /// The wide layout with its usual names: identifier, task, prompt where there is one, and for each model quality, dollars
    /// and, where any were told, tokens. A gap is a missing cell.
    pub(super) fn into_frame(self) -> Frame {
        let map = ColumnMap::default();
        let text = |cell: fn(&Prompt) -> Option<String>| Column::Text(self.prompts.iter().map(cell).collect());
        let mut columns = vec![
            (map.id, text(|prompt| Some(prompt.id.clone()))),
            ("task".to_owned(), text(|prompt| Some(prompt.task.clone()))),
        ];
        if self.prompts.iter().any(|prompt| prompt.text.is_some()) {
            columns.push((map.prompt, text(|prompt| prompt.text.clone())));
        }
        for (model, name) in self.models.iter().enumerate() {
            let answers = || self.prompts.iter().map(|prompt| prompt.answers.get(&model));
            let real = |cell: fn(&Answer) -> Option<f64>| Column::Real(answers().map(|answer| cell(answer?)).collect());
            columns.push((name.clone(), real(|answer| answer.quality)));
            columns.push((format!("{name}{}", map.cost_suffix), real(|answer| answer.cost)));
            let whole = |cell: fn(&Answer) -> Option<u32>| {
                answers().map(|answer| cell(answer?).map(u64::from)).collect::<Vec<_>>()
            };
            let (input, output) = (whole(|answer| answer.input_tokens), whole(|answer| answer.output_tokens));
            for (suffix, cells) in [("|input_tokens", input), ("|output_tokens", output)] {
                if cells.iter().any(Option::is_some) {
                    columns.push((format!("{name}{suffix}"), Column::Integer(cells)));
                }
            }
        }
        Frame { columns, metadata: Vec::new() }
    }
}

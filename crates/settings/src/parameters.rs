//! Tables as structs: schema, defaults and strict parsing from one declaration.

use crate::mistake::Mistake;
use crate::rules::violation;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::{DeserializeOwned, Deserializer, Visitor, value::Error};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A table in which every key has a default: parameters of a policy, a source or a shift, or a section of a configuration.
/// Derive the rest, write the range of a field as its schemars attribute, and its meaning as its doc line.
pub trait Parameters: Default + Serialize + DeserializeOwned + JsonSchema {
    /// Refuses what no schema says: rules across fields.
    ///
    /// # Errors
    /// The rule that is broken.
    fn check(&self) -> Result<(), Mistake> {
        Ok(())
    }
}

/// For what has no parameters.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl Parameters for NoParameters {}

/// Every key of `P` with its default.
pub fn defaults<P: Parameters>() -> Value {
    serde_json::to_value(P::default()).expect("parameters are plain tables of numbers and names")
}

/// The JSON schema of a table `P`; defaults stand beside their keys. Only those keys are required which the keyword `x-required`
/// of the struct names: their default is none that a run could use.
pub fn schema<P: Parameters>() -> Value {
    let mut schema = schema_of::<P>();
    let table = schema.as_object_mut().expect("the schema of a struct is a table");
    table.remove("required");
    if let Some(required) = table.remove("x-required") {
        table.insert("required".into(), required);
    }
    for (key, default) in defaults::<P>().as_object().into_iter().flatten() {
        if !default.is_null() {
            table["properties"][key]["default"] = default.clone();
        }
    }
    schema
}

/// The JSON schema of a table `T`, with the order of its keys under `x-order`; no other keys are allowed.
pub fn schema_of<T: DeserializeOwned + JsonSchema>() -> Value {
    let inline = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = inline.into_generator().into_root_schema_for::<T>().to_value();
    let table = schema.as_object_mut().expect("the schema of a struct is a table");
    if table.get("type").is_some_and(|kind| kind == "object") {
        table.entry("properties").or_insert_with(|| json!({}));
        table.insert("additionalProperties".into(), json!(false));
        table.insert("x-order".into(), json!(field_order::<T>()));
    }
    schema
}

/// A whole table as `P`, checked field by field, then across fields.
///
/// # Errors
/// For an unknown key, a value that breaks its rule, and what [`Parameters::check`] refuses.
pub fn parse<P: Parameters>(all: &Value) -> Result<P, Mistake> {
    if let Some(mistake) = violation(&schema::<P>(), "", all) {
        return Err(mistake);
    }
    let parameters = P::deserialize(all).map_err(|error| Mistake::Text(error.to_string()))?;
    parameters.check()?;
    Ok(parameters)
}

/// The keys of a struct in the order of its declaration; empty for anything else.
pub fn field_order<T: DeserializeOwned>() -> Vec<String> {
    let mut fields: &'static [&'static str] = &[];
    // The error is the point: the struct names its fields before it is refused.
    let refused = T::deserialize(Fields(&mut fields));
    drop(refused);
    fields.iter().map(|&field| field.to_owned()).collect()
}

/// Writes down which fields are asked for, and gives none.
struct Fields<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("not a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(serde::de::Error::custom("only the fields were asked for"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The keys of `first`, then those of `second`, as one table: for parameters that share a table with others.
pub fn joined_schema(mut first: Value, second: &Value) -> Value {
    let both = |first: &mut Value, second: &Value| match (first, second) {
        (Value::Object(first), Value::Object(second)) => first.extend(second.clone()),
        (Value::Array(first), Value::Array(second)) => first.extend(second.iter().cloned()),
        _ => {}
    };
    for key in ["properties", "x-order", "required"] {
        let empty = if key == "properties" { Value::Object(Map::new()) } else { json!([]) };
        let joined = first.as_object_mut().expect("schemas are tables").entry(key).or_insert(empty);
        both(joined, &second[key]);
    }
    first
}

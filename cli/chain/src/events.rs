//! Events of the chain as JSON, by the runtime's metadata.

use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use subxt::{
    events::Event,
    ext::scale_value::{Composite, Primitive, Value, ValueDef},
    SubstrateConfig,
};

/// What a call caused.
#[derive(Clone, Debug, Serialize)]
pub struct ChainEvent {
    /// Whose.
    pub pallet: String,
    /// Which.
    pub name: String,
    /// Its fields.
    pub fields: Json,
}

impl ChainEvent {
    /// Decodes an event.
    pub fn new(event: &Event<'_, SubstrateConfig>) -> Result<Self> {
        let fields = event.decode_fields_unchecked_as::<Composite<()>>()?;
        Ok(Self { pallet: event.pallet_name().into(), name: event.event_name().into(), fields: composite(fields) })
    }
}

fn composite(composite: Composite<()>) -> Json {
    match composite {
        Composite::Named(fields) => {
            Json::Object(fields.into_iter().map(|(name, field)| (name, value(field))).collect::<Map<_, _>>())
        }
        Composite::Unnamed(mut fields) if fields.len() == 1 => fields.pop().map_or(Json::Null, value),
        Composite::Unnamed(fields) => bytes(&fields).unwrap_or_else(|| fields.into_iter().map(value).collect()),
    }
}

/// Hex, when every field is a byte: keys, hashes and text look like this.
fn bytes(fields: &[Value<()>]) -> Option<Json> {
    let byte = |field: &Value<()>| match field.value {
        ValueDef::Primitive(Primitive::U128(number)) => u8::try_from(number).ok(),
        _ => None,
    };
    let bytes = fields.iter().map(byte).collect::<Option<Vec<u8>>>()?;
    (bytes.len() >= 4).then(|| Json::String(crate::output::hexed(&bytes)))
}

fn value(field: Value<()>) -> Json {
    match field.value {
        ValueDef::Composite(fields) => composite(fields),
        ValueDef::Variant(variant) => match (variant.name.as_str(), variant.values.is_empty()) {
            ("None", true) => Json::Null,
            ("Some", false) => composite(variant.values),
            (_, true) => Json::String(variant.name),
            (_, false) => Json::Object([(variant.name, composite(variant.values))].into_iter().collect()),
        },
        ValueDef::BitSequence(bits) => Json::String(bits.iter().map(|bit| if bit { '1' } else { '0' }).collect()),
        ValueDef::Primitive(primitive) => scalar(primitive),
    }
}

fn scalar(primitive: Primitive) -> Json {
    match primitive {
        Primitive::Bool(flag) => Json::Bool(flag),
        Primitive::Char(letter) => Json::String(letter.into()),
        Primitive::String(text) => Json::String(text),
        Primitive::U128(number) => u64::try_from(number).map_or_else(|_| Json::String(number.to_string()), Json::from),
        Primitive::I128(number) => i64::try_from(number).map_or_else(|_| Json::String(number.to_string()), Json::from),
        Primitive::U256(bytes) | Primitive::I256(bytes) => Json::String(crate::output::hexed(&bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_like_the_fields_that_they_are() {
        // GIVEN an event's fields: a newtype, a key, an optional direction
        let key = Value::unnamed_composite((0..32u8).map(|byte| Value::u128(byte.into())));
        let direction = Value::unnamed_variant("Some", [Value::unnamed_variant("Down", [])]);
        let fields = Composite::Named(vec![
            ("event".into(), Value::unnamed_composite([Value::u128(7)])),
            ("key".into(), key),
            ("direction".into(), direction),
            ("paid".into(), Value::u128(u128::MAX)),
        ]);
        // THEN they are what a program expects
        let json = composite(fields);
        assert_eq!(json["event"], 7);
        assert_eq!(json["direction"], "Down");
        assert!(json["key"].as_str().is_some_and(|hex| hex.starts_with("0x0001")));
        assert_eq!(json["paid"], u128::MAX.to_string());
    }
}

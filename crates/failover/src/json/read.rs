//! Reads a value into a type, whose every fault is said in words of JSON.

use std::fmt::{self, Display};

use serde::{
    de::{
        self, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess,
        Unexpected, VariantAccess, Visitor, value::StringDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

use super::shown;

/// A value that is read.
pub(super) struct Word(pub(super) Value);

/// What is wrong with a value, and where.
#[derive(Debug)]
pub(super) struct Fault {
    /// The fields that lead to it, the outermost last.
    path: Vec<String>,
    what: What,
}

#[derive(Debug)]
enum What {
    /// It is this, and should be that.
    Is(String, String),
    /// This field of it is missing.
    Missing(&'static str),
    /// It is none of these fields.
    Unknown(String, &'static [&'static str]),
    /// Something that its type says.
    Said(String),
}

impl Fault {
    const fn of(what: What) -> Self {
        Self {
            path: Vec::new(),
            what,
        }
    }

    pub(super) fn under(mut self, field: impl Into<String>) -> Self {
        self.path.push(field.into());
        self
    }

    fn place(&self, field: Option<&str>) -> String {
        let fields = self.path.iter().rev().map(String::as_str).chain(field);
        let joined = fields.collect::<Vec<_>>().join(".");
        if joined.is_empty() {
            "the payload".to_owned()
        } else {
            joined
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Is(is, wanted) => write!(f, "{} is {is}; {wanted}", self.place(None)),
            What::Missing(field) => write!(f, "{} is missing; add it", self.place(Some(field))),
            What::Unknown(field, known) => {
                let place = self.place(Some(field));
                write!(f, "{place} is not a field here; remove it")?;
                if known.is_empty() {
                    return Ok(());
                }
                write!(f, ", or write one of {}", known.join(", "))
            }
            What::Said(why) => write!(f, "{}: {why}", self.place(None)),
        }
    }
}

impl std::error::Error for Fault {}

/// What a type says it expects, in words of JSON.
fn give(expected: &dyn Expected) -> String {
    let words = expected.to_string();
    let plain = match words.as_str() {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "string" | "str" => "a text",
        "a map" => "an object",
        "a sequence" => "a list",
        words
            if ["struct ", "internally tagged enum ", "enum ", "variant "]
                .iter()
                .any(|kind| words.starts_with(kind)) =>
        {
            "an object"
        }
        words if words.starts_with("tuple struct ") || words.starts_with("newtype ") => "a text",
        words => return format!("give it {words}"),
    };
    format!("give it {plain}")
}

/// What a value is, as JSON writes it.
fn is(unexpected: &Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Char(value) => shown(&Value::from(value.to_string())),
        Unexpected::Str(value) => shown(&Value::from(*value)),
        Unexpected::Unit | Unexpected::Option => "null".into(),
        Unexpected::Seq | Unexpected::TupleVariant => "a list".into(),
        Unexpected::Map | Unexpected::StructVariant => "an object".into(),
        Unexpected::Enum | Unexpected::UnitVariant | Unexpected::NewtypeVariant => "a word".into(),
        Unexpected::NewtypeStruct | Unexpected::Bytes(_) => "a value".into(),
        Unexpected::Other(what) => (*what).to_owned(),
    }
}

impl de::Error for Fault {
    fn custom<T: Display>(why: T) -> Self {
        Self::of(What::Said(why.to_string()))
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::of(What::Is(is(&unexpected), give(expected)))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::of(What::Is(is(&unexpected), give(expected)))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::of(What::Is(format!("{length} long"), give(expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let wanted = format!("set it to {}", expected.join(" or "));
        Self::of(What::Is(shown(&Value::from(variant)), wanted))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::of(What::Unknown(shown(&field), expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of(What::Missing(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::of(What::Said(format!("{field} stands twice; keep one")))
    }
}

impl<'de> Deserializer<'de> for Word {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (None, Some(value), _) => visitor.visit_i64(value),
                (None, None, value) => visitor.visit_f64(value.unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter().enumerate())),
            Value::Object(fields) => visitor.visit_map(Fields::of(fields)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.0.is_null() {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if let Value::String(word) = self.0 {
            return visitor.visit_enum(Variant(word));
        }
        let wanted = format!("set it to {}", variants.join(" or "));
        Err(Fault::of(What::Is(shown(&self.0), wanted)))
    }

    /// A list of the fields' values is no object.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if self.0.is_array() {
            let is = What::Is("a list".into(), "give it an object".into());
            return Err(Fault::of(is));
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

struct Items(std::iter::Enumerate<std::vec::IntoIter<Value>>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some((index, item)) = self.0.next() else {
            return Ok(None);
        };
        let read = seed.deserialize(Word(item));
        read.map(Some).map_err(|why| why.under(index.to_string()))
    }
}

struct Fields {
    left: serde_json::map::IntoIter,
    value: Option<(String, Value)>,
}

impl Fields {
    fn of(fields: Map<String, Value>) -> Self {
        Self {
            left: fields.into_iter(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((field, value)) = self.left.next() else {
            return Ok(None);
        };
        self.value = Some((field.clone(), value));
        seed.deserialize(StringDeserializer::new(field)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (field, value) = self.value.take().unwrap_or_default();
        let read = seed.deserialize(Word(value));
        read.map_err(|why| why.under(field))
    }
}

/// The payload of a function with several jobs.
pub(super) struct Job {
    /// Which of them.
    pub(super) operation: Option<Value>,
    /// What it takes.
    pub(super) fields: Map<String, Value>,
}

impl<'de> Deserializer<'de> for Job {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        Word(Value::Object(self.fields)).deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let wanted = format!("set it to {}", variants.join(" or "));
        let is = match self.operation {
            Some(Value::String(word)) => {
                return visitor.visit_enum(Named {
                    word,
                    fields: self.fields,
                });
            }
            Some(other) => What::Is(shown(&other), wanted),
            None => What::Is("missing".into(), wanted),
        };
        Err(Fault::of(is).under("operation"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// One job by its name, with what it takes.
struct Named {
    word: String,
    fields: Map<String, Value>,
}

impl<'de> EnumAccess<'de> for Named {
    type Error = Fault;
    type Variant = Word;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Word), Fault> {
        let named = seed.deserialize(StringDeserializer::new(self.word));
        let named = named.map_err(|why: Fault| why.under("operation"))?;
        Ok((named, Word(Value::Object(self.fields))))
    }
}

impl<'de> VariantAccess<'de> for Word {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_any(visitor)
    }
}

/// A word that stands for one of several things.
struct Variant(String);

impl<'de> EnumAccess<'de> for Variant {
    type Error = Fault;
    type Variant = Alone;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Alone), Fault> {
        let word = seed.deserialize(StringDeserializer::new(self.0))?;
        Ok((word, Alone))
    }
}

/// Nothing stands beside a word.
struct Alone;

impl<'de> VariantAccess<'de> for Alone {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(Word(Value::Null))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        Word(Value::Null).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        Word(Value::Null).deserialize_any(visitor)
    }
}

//! The first reading: components and their codes.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::read::guard::{Guard, Position};
use crate::read::{JsonData, MOST_CODES, ReadError};
use crate::structure::TIME_PERIOD;
use crate::text::LocalisedText;

/// Structures and data sets that a message can have, and components that a structure can have at a level.
const MOST: usize = 1_000;

/// What tells the observations of a data set apart, and what is told of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonStructure {
    /// With time, by position in keys.
    pub dimensions: Vec<JsonDimension>,
    /// Those that are about observations, in the order of the message. Those about series, groups and data sets are not read.
    pub attributes: Vec<JsonAttribute>,
    /// Where the dimensions of the data set, of series, and of observations stand in `dimensions`, in the order of their places in keys.
    pub(crate) levels: [Vec<usize>; 3],
}

/// A dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonDimension {
    pub id: String,
    pub name: LocalisedText,
    pub is_time: bool,
    pub codes: Vec<JsonCode>,
}

/// An attribute of observations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonAttribute {
    pub id: String,
    pub name: LocalisedText,
    /// None where it takes texts instead. A code can be none, at its place.
    pub codes: Option<Vec<Option<JsonCode>>>,
}

/// A code, or a value that was told without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonCode {
    pub id: String,
    /// Under the tag `und` where the message does not say in which language.
    pub name: LocalisedText,
    pub parent: Option<String>,
}

pub fn read(guard: Guard<impl Read>, position: &Position) -> Result<JsonData, ReadError> {
    let mut found = Found { structures: Vec::new(), data_sets: Vec::new(), position };
    let mut deserializer = serde_json::Deserializer::from_reader(guard);
    let result = Message(&mut found).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    result.map_err(|error| position.error(&error))?;
    let Found { structures, data_sets, .. } = found;
    let failed = |reason: &str| Err(ReadError { position: 0, reason: reason.to_owned() });
    if structures.is_empty() {
        return failed("the message has no structure");
    }
    // Where nothing is said, the first structure is meant.
    let data_sets: Vec<usize> = data_sets.into_iter().map(Option::unwrap_or_default).collect();
    if data_sets.iter().any(|place| *place >= structures.len()) {
        return failed("a data set has a structure that the message does not have");
    }
    Ok(JsonData { structures, data_sets })
}

struct Found<'a> {
    structures: Vec<JsonStructure>,
    data_sets: Vec<Option<usize>>,
    position: &'a Position,
}

impl Found<'_> {
    fn of_structure<T>(&self, read: impl FnOnce() -> T) -> T {
        self.position.begin_structure();
        let result = read();
        self.position.end_structure();
        result
    }
}

/// The message, or its part `data`: both can hold structures and data sets.
struct Message<'a, 'f>(&'a mut Found<'f>);

impl<'de> DeserializeSeed<'de> for Message<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Message<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message of SDMX-JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "data" => map.next_value_seed(Message(self.0))?,
                "structure" => {
                    let structure = self.0.of_structure(|| map.next_value::<Structure>())?;
                    self.0.structures.push(structure.try_into().map_err(A::Error::custom)?);
                }
                "structures" => {
                    let structures = self.0.of_structure(|| map.next_value::<Bounded<Structure, MOST>>())?;
                    for structure in structures.0 {
                        self.0.structures.push(structure.try_into().map_err(A::Error::custom)?);
                    }
                }
                "dataSets" => {
                    let data_sets = map.next_value::<Bounded<DataSet, MOST>>()?;
                    for data_set in data_sets.0 {
                        self.0.data_sets.push(data_set.structure().map_err(A::Error::custom)?);
                    }
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            if self.0.structures.len().max(self.0.data_sets.len()) > MOST {
                return Err(A::Error::custom("there are too many structures or data sets"));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct DataSet {
    structure: Option<usize>,
    action: Option<String>,
}

impl DataSet {
    /// Its structure. Of one that takes back what was told before there is nothing to read.
    fn structure(self) -> Result<Option<usize>, &'static str> {
        match self.action {
            Some(action) if action.eq_ignore_ascii_case("delete") => Err("a data set deletes what was told before"),
            _ => Ok(self.structure),
        }
    }
}

#[derive(Deserialize)]
struct Structure {
    dimensions: Levels,
    #[serde(default)]
    attributes: Levels,
    #[serde(default)]
    measures: Levels,
}

#[derive(Deserialize, Default)]
struct Levels {
    #[serde(default, rename = "dataSet")]
    data_set: Bounded<Component, MOST>,
    #[serde(default)]
    series: Bounded<Component, MOST>,
    #[serde(default)]
    observation: Bounded<Component, MOST>,
}

#[derive(Deserialize)]
struct Component {
    id: String,
    name: Option<String>,
    #[serde(default)]
    names: BTreeMap<String, String>,
    #[serde(rename = "keyPosition")]
    key_position: Option<usize>,
    #[serde(default)]
    roles: Vec<String>,
    values: Option<Bounded<Option<Code>, MOST_CODES>>,
}

#[derive(Deserialize)]
struct Code {
    id: Option<String>,
    value: Option<Scalar>,
    name: Option<String>,
    #[serde(default)]
    names: BTreeMap<String, String>,
    parent: Option<String>,
}

/// A value that is told as text, as number or as truth; other ones, in several languages or of several parts, as nothing.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Whole(i64),
    Number(f64),
    Truth(bool),
    Other(IgnoredAny),
}

impl Scalar {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Whole(number) => Some(number.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Truth(truth) => Some(truth.to_string()),
            Self::Other(_) => None,
        }
    }
}

fn localised(name: Option<String>, names: BTreeMap<String, String>) -> LocalisedText {
    match name {
        Some(name) if names.is_empty() => LocalisedText::of("und", name),
        _ => names.into_iter().collect(),
    }
}

impl Code {
    fn told(self) -> Option<JsonCode> {
        let of_name = || self.name.clone().or_else(|| self.names.values().next().cloned());
        let id = self.id.or_else(|| self.value.and_then(Scalar::text)).or_else(of_name)?;
        Some(JsonCode { id, name: localised(self.name, self.names), parent: self.parent })
    }
}

impl TryFrom<Structure> for JsonStructure {
    type Error = String;

    fn try_from(structure: Structure) -> Result<Self, String> {
        if structure.measures.observation.0.len() > 1 {
            return Err("there is more than one measure".to_owned());
        }
        if structure.measures.observation.0.iter().any(|measure| measure.values.is_some()) {
            return Err("the measure is coded".to_owned());
        }
        let Levels { data_set, series, observation } = structure.dimensions;
        // At the data set there is one code alone, which keys do without.
        if data_set.0.iter().any(|one| one.values.as_ref().is_some_and(|values| values.0.len() > 1)) {
            return Err("a dimension of the data set has more than one code".to_owned());
        }
        let mut told = Vec::new();
        for (level, components) in [data_set, series, observation].into_iter().enumerate() {
            for (place, component) in components.0.into_iter().enumerate() {
                told.push((component.key_position.unwrap_or(usize::MAX), level, place, component));
            }
        }
        told.sort_by_key(|(position, ..)| *position);
        let mut levels: [Vec<(usize, usize)>; 3] = Default::default();
        let mut dimensions = Vec::new();
        for (index, (_, level, place, component)) in told.into_iter().enumerate() {
            if let Some(level) = levels.get_mut(level) {
                level.push((place, index));
            }
            dimensions.push(component.dimension()?);
        }
        let levels = levels.map(|mut level| {
            level.sort_unstable();
            level.into_iter().map(|(_, index)| index).collect()
        });
        let attributes = structure.attributes.observation.0.into_iter().map(Component::attribute).collect();
        Ok(Self { dimensions, attributes, levels })
    }
}

impl Component {
    fn dimension(self) -> Result<JsonDimension, String> {
        let is_time = self.id == TIME_PERIOD || self.roles.iter().any(|role| role == TIME_PERIOD);
        let codes = self.values.unwrap_or_default().0.into_iter().map(|code| code.and_then(Code::told));
        let codes: Option<Vec<JsonCode>> = codes.collect();
        let codes = codes.ok_or_else(|| format!("a code of the dimension {:?} has neither id nor value", self.id))?;
        Ok(JsonDimension { id: self.id, name: localised(self.name, self.names), is_time, codes })
    }

    fn attribute(self) -> JsonAttribute {
        let codes = self.values.map(|values| values.0.into_iter().map(|code| code.and_then(Code::told)).collect());
        JsonAttribute { id: self.id, name: localised(self.name, self.names), codes }
    }
}

/// A list of no more than so many.
struct Bounded<T, const MOST: usize>(Vec<T>);

impl<T, const MOST: usize> Default for Bounded<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Bounded<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T, const MOST: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for List<T, MOST> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = list.next_element()? {
                    if all.len() == MOST {
                        return Err(A::Error::custom(format!("a list has more than {MOST} entries")));
                    }
                    all.push(one);
                }
                Ok(all)
            }
        }

        deserializer.deserialize_seq(List::<T, MOST>(PhantomData)).map(Self)
    }
}

//! The second reading: observations, one at a time.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::data::number;
use crate::read::guard::{Guard, Position};
use crate::read::{JsonAttribute, JsonData, JsonDimension, JsonStructure, ReadError};

/// One observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonRow<'a> {
    /// The place of its structure in the message.
    pub structure: usize,
    /// Codes of all dimensions, in the order of the structure.
    pub codes: &'a [&'a str],
    /// As the message has it, number or text: what a missing value looks like is for its publisher to say. None for null.
    pub value: Option<&'a str>,
    /// Codes or texts of the attributes of observations, in the order of the structure; those in several languages or parts are left out.
    pub attributes: &'a [Option<Cow<'a, str>>],
}

/// Why a reading ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadFailure<E> {
    Message(ReadError),
    /// What was made of a row failed.
    Row(E),
}

pub fn read<E>(
    data: &JsonData,
    guard: Guard<impl Read>,
    position: &Position,
    row: impl FnMut(&JsonRow<'_>) -> Result<(), E>,
) -> Result<(), ReadFailure<E>> {
    let mut reading = Reading { data, data_set: 0, codes: Vec::new(), cells: Vec::new(), row, failed: None };
    let mut deserializer = serde_json::Deserializer::from_reader(guard);
    let result = At::Message(&mut reading).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match (reading.failed, result) {
        (Some(failed), _) => Err(ReadFailure::Row(failed)),
        (None, Err(error)) => Err(ReadFailure::Message(position.error(&error))),
        (None, Ok(())) => Ok(()),
    }
}

struct Reading<'a, F, E> {
    data: &'a JsonData,
    /// The place of the data set that is read.
    data_set: usize,
    /// Those of the observation, as far as they are known.
    codes: Vec<&'a str>,
    cells: Vec<Option<String>>,
    row: F,
    failed: Option<E>,
}

/// The dimensions of data sets, series, observations among the levels of a structure.
const SERIES: usize = 1;
const OBSERVATION: usize = 2;

impl<'a, F: FnMut(&JsonRow<'_>) -> Result<(), E>, E> Reading<'a, F, E> {
    fn structure(&self) -> Option<(usize, &'a JsonStructure)> {
        let place = self.data.data_sets.get(self.data_set).copied()?;
        Some((place, self.data.structures.get(place)?))
    }

    /// A data set begins: with the codes that all its observations have. The others are for keys to tell.
    fn begin(&mut self) -> Result<(), String> {
        let (_, structure) = self.structure().ok_or("there is a data set more than at the first reading")?;
        let shared = structure.levels.first().map(Vec::as_slice).unwrap_or_default();
        let only = |(index, dimension): (usize, &'a JsonDimension)| {
            let code = dimension.codes.first().filter(|_| shared.contains(&index));
            code.map(|code| code.id.as_str()).unwrap_or_default()
        };
        self.codes = structure.dimensions.iter().enumerate().map(only).collect();
        Ok(())
    }

    /// Takes in the codes of a key: places with colons between them.
    fn key(&mut self, level: usize, key: &str) -> Result<(), String> {
        let (_, structure) = self.structure().ok_or("there is no structure")?;
        let at = structure.levels.get(level).map(Vec::as_slice).unwrap_or_default();
        let mut places = key.split(':').filter(|_| !key.is_empty());
        for index in at {
            let dimension = structure.dimensions.get(*index).ok_or("there is no dimension")?;
            let place = places.next().ok_or_else(|| format!("the key {key:?} has fewer places than dimensions"))?;
            let code = place.parse().ok().and_then(|place: usize| dimension.codes.get(place));
            let code = code.ok_or_else(|| format!("{place:?} is no place of a code of {}", dimension.id))?;
            if let Some(held) = self.codes.get_mut(*index) {
                *held = &code.id;
            }
        }
        if places.next().is_some() { Err(format!("the key {key:?} has more places than dimensions")) } else { Ok(()) }
    }

    /// Hands out the observation whose cells were read: the value, then its attributes.
    fn hand_out(&mut self) -> Result<(), String> {
        let (place, structure) = self.structure().ok_or("there is no structure")?;
        let mut cells = self.cells.iter().map(Option::as_deref);
        let value = cells.next().flatten();
        let mut attributes = Vec::with_capacity(structure.attributes.len());
        for attribute in &structure.attributes {
            attributes.push(cells.next().flatten().map(|cell| told(attribute, cell)).transpose()?.flatten());
        }
        if self.codes.iter().any(|code| code.is_empty()) {
            return Err("a dimension of the data set has no code".to_owned());
        }
        let row = JsonRow { structure: place, codes: &self.codes, value, attributes: &attributes };
        (self.row)(&row).map_err(|error| {
            self.failed = Some(error);
            "the row was refused".to_owned()
        })
    }
}

/// What an entry says of an attribute: the place of a code, or a text where it has no codes.
fn told<'a>(attribute: &'a JsonAttribute, cell: &'a str) -> Result<Option<Cow<'a, str>>, String> {
    let Some(codes) = &attribute.codes else { return Ok(Some(Cow::Borrowed(cell))) };
    let code = cell.parse().ok().and_then(|place: usize| codes.get(place));
    let code = code.ok_or_else(|| format!("{cell:?} is no place of a code of {}", attribute.id))?;
    Ok(code.as_ref().map(|code| Cow::Borrowed(code.id.as_str())))
}

/// Where in a message a reading is.
enum At<'r, 'a, F, E> {
    /// At the top, or in its part `data`.
    Message(&'r mut Reading<'a, F, E>),
    DataSets(&'r mut Reading<'a, F, E>),
    DataSet(&'r mut Reading<'a, F, E>),
    Series(&'r mut Reading<'a, F, E>),
    OneSeries(&'r mut Reading<'a, F, E>),
    Observations(&'r mut Reading<'a, F, E>),
    Observation(&'r mut Reading<'a, F, E>),
}

impl<'de, F: FnMut(&JsonRow<'_>) -> Result<(), E>, E> DeserializeSeed<'de> for At<'_, '_, F, E> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self {
            Self::DataSets(_) | Self::Observation(_) => deserializer.deserialize_seq(self),
            _ => deserializer.deserialize_map(self),
        }
    }
}

impl<'de, F: FnMut(&JsonRow<'_>) -> Result<(), E>, E> Visitor<'de> for At<'_, '_, F, E> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DataSets(_) => "a list of data sets",
            Self::Observation(_) => "an observation",
            _ => "an object of SDMX-JSON",
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        match self {
            Self::Message(reading) => {
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "data" => map.next_value_seed(At::Message(&mut *reading))?,
                        "dataSets" => map.next_value_seed(At::DataSets(&mut *reading))?,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
            }
            Self::DataSet(reading) => {
                reading.begin().map_err(A::Error::custom)?;
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "series" => map.next_value_seed(At::Series(&mut *reading))?,
                        "observations" => {
                            // Not those of a series before.
                            reading.begin().map_err(A::Error::custom)?;
                            map.next_value_seed(At::Observations(&mut *reading))?;
                        }
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
            }
            Self::Series(reading) => {
                while let Some(key) = map.next_key::<String>()? {
                    reading.key(SERIES, &key).map_err(A::Error::custom)?;
                    map.next_value_seed(At::OneSeries(&mut *reading))?;
                }
            }
            Self::OneSeries(reading) => {
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "observations" => map.next_value_seed(At::Observations(&mut *reading))?,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
            }
            Self::Observations(reading) => {
                while let Some(key) = map.next_key::<String>()? {
                    reading.key(OBSERVATION, &key).map_err(A::Error::custom)?;
                    map.next_value_seed(At::Observation(&mut *reading))?;
                }
            }
            Self::DataSets(_) | Self::Observation(_) => return Err(A::Error::custom("an object stands for a list")),
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        match self {
            Self::DataSets(reading) => {
                while list.next_element_seed(At::DataSet(&mut *reading))?.is_some() {
                    reading.data_set = reading.data_set.saturating_add(1);
                }
            }
            Self::Observation(reading) => {
                reading.cells.clear();
                let wanted =
                    reading.structure().map_or(0, |(_, structure)| structure.attributes.len().saturating_add(1));
                while let Some(Entry(cell)) = list.next_element()? {
                    // Places of annotations follow.
                    if reading.cells.len() < wanted {
                        reading.cells.push(cell);
                    }
                }
                reading.hand_out().map_err(A::Error::custom)?;
            }
            _ => return Err(A::Error::custom("a list stands for an object")),
        }
        Ok(())
    }
}

/// An entry of an observation; none for null, and for objects and lists.
struct Entry(Option<String>);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Entry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entry of an observation")
            }

            fn visit_bool<E: Error>(self, truth: bool) -> Result<Entry, E> {
                Ok(Entry(Some(truth.to_string())))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Entry, E> {
                Ok(Entry(Some(number.to_string())))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Entry, E> {
                Ok(Entry(Some(number.to_string())))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Entry, E> {
                number::text(number).map(|text| Entry(Some(text))).map_err(E::custom)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Entry, E> {
                Ok(Entry(Some(text.to_owned())))
            }

            fn visit_unit<E: Error>(self) -> Result<Entry, E> {
                Ok(Entry(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Entry(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entry, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Entry(None))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

//! What can never be counted among the deployment's own statistics: noughts that everybody knows, which cover nothing that is hidden.

use std::collections::HashMap;

use crate::observatory::datasets::{Dimension, DimensionRole};
use crate::observatory::operational::OperationalSource;
use crate::observatory::suppression::relations::Code;

/// A division of a source as a dimension of the dataset.
struct Divided {
    /// Where it stands among the dimensions.
    at: usize,
    id: String,
    codes: HashMap<u32, String>,
}

/// Nothing, where the dataset is not computed.
#[derive(Default)]
pub struct Impossible(Option<(OperationalSource, Vec<Divided>)>);

impl Impossible {
    pub fn of(source: OperationalSource, dimensions: &[Dimension], codes: &[Vec<Code>]) -> Self {
        let divisions = dimensions.iter().zip(codes).enumerate();
        let divisions = divisions.filter(|(_, (dimension, _))| dimension.role == DimensionRole::Other);
        let divided = |(at, (dimension, codes)): (usize, (&Dimension, &Vec<Code>))| Divided {
            at,
            id: dimension.id.clone(),
            codes: codes.iter().map(|code| (code.number, code.code.clone())).collect(),
        };
        Self(Some((source, divisions.map(divided).collect())))
    }

    /// Whether nothing can ever be under a key.
    pub fn holds(&self, key: &[u32]) -> bool {
        let Some((source, divisions)) = &self.0 else { return false };
        let mut codes: Vec<(&str, &str)> = Vec::with_capacity(divisions.len());
        for division in divisions {
            let code = key.get(division.at).and_then(|number| division.codes.get(number));
            codes.extend(code.map(|code| (division.id.as_str(), code.as_str())));
        }
        source.is_impossible(&codes)
    }
}

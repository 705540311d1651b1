//! Maps and sets whose keys are ids and numbers that this deployment gave out itself. Nobody who sends requests chooses them, so they need no
//! hash that withstands chosen keys, which costs several times as much on the way through thousands of territories.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

pub type IdMap<K, V> = HashMap<K, V, RandomState>;
pub type IdSet<K> = HashSet<K, RandomState>;

//! What figures say: observations of a release filtered, broken down, added up over places and times as their kind allows, recast to
//! the territories of one day, and compared (domain 39, 41). Everything is made of what the release tells everybody, so that no two
//! questions can be subtracted from each other to learn more (domain 42).

pub mod answer;
pub mod asked;
pub mod comparisons;
pub mod evaluation;
pub mod gathered;
pub mod groups;
pub mod handlers;
pub mod places;
pub mod question;
pub mod ratios;
pub mod rows;
pub mod tables;
pub mod times;

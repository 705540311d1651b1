//! Indicators: figures that mean something, made of datasets, with how (domain 41).

pub mod charts;
pub mod handlers;
pub mod latest;
pub mod types;
pub mod values;

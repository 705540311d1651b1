//! The directory exchanged with other catalogues in the words of HSDS: imports of JSON (3.0) and of packages of tables (3.0, and 1.x as
//! the legal-aid network uses it), and exports that give back what came in, apart from the closed list in docs/hsds-losses.md.

pub mod exports;
mod fitting;
pub mod imports;
mod keeping;
mod package;
mod patches;
mod report;
mod shaping;
mod sources;
mod tables;

#[cfg(test)]
mod tests;

//! Statistical disclosure control of count tables by cell suppression (domain 42; Hundepool et al., "Statistical Disclosure Control", 2012,
//! chapter 4). Counts above 0 and below a threshold k are hidden, and as many others as it takes so that nobody can compute them.
//!
//! # What the reader may know
//!
//! Everything shown in this release and in the earlier ones, what adds up to what, which cells are hidden, that counts are whole and not
//! below 0, k, and this method. Of two releases the reader may take a cell for the same count wherever its value is the same.
//!
//! # What is protected
//!
//! For every hidden cell there is another table of counts that shows the same to readers, in which that cell is k or more; for one that is k
//! or more already, another table in which it is something else. So nobody can tell of any hidden cell that it is below k, nor what it is.
//! That holds for hidden noughts as well: one of which a reader could tell that it is below k would be known not to be small, and so to be 0.
//! The rule of domain 42, that what is hidden in a row, column or group adds up to k or more, follows: in the other table it adds up to as much.
//! Among readers' means are differencing, linear programming and whole-number arguments, since the other table is made of counts itself.
//!
//! Each hidden cell has such another table written down while cells are chosen, as a move: the difference between the two tables. A move is
//! checked in whole numbers against every line that it touches, whatever proposed it, and once more when all is chosen. What proposes moves
//! therefore decides how many cells are hidden, never whether they are protected.
//!
//! # How cells are chosen
//!
//! Hidden cells wait in a queue. One that no move among hidden cells protects gets the cheapest move there is, in cells newly hidden and then
//! in their size; those join the queue. In small tables the move is the solution of a linear programme over the table (Cox 1980;
//! Fischetti and Salazar-González 2001). In large ones it is first sought among products of changes along each dimension (the hypercubes of
//! Repsilber 1994, generalised to hierarchies). Last resort is the product of whole branches: the cell, something below it, and everything
//! it is a part of rise together, which is always a move unless something in it is known. Then cells are shown again one by one, the largest
//! first, where all others keep a move without them. Of small tables this is done in three orders, and the one that hides fewest is taken.
//! The same table gives the same answer, in whatever order its cells come. What the solver may do is counted, not timed; a large table of which
//! much is known or absent can be refused for want of a move that more work would have found, but is never protected less.
//!
//! # Absent cells
//!
//! A cell that is not there, or has no value, is one that nobody gave; what others tell of it is found by differencing first:
//!
//! - A total that is absent while its parts are there is followed to what it is a part of. Otherwise its group says nothing.
//! - The only absent part of a total is what the others leave of it. Above 0 and below k it is protected like a hidden count.
//! - Several absent parts leave a rest that readers know not to be below 0, and nothing else of.
//! - Where nothing is left, readers are taken to know that the absent parts are 0.
//! - Parts that add up to more than their total, or all of them to less (rounded sources), are off by what readers are taken to know.
//!
//! # Several releases
//!
//! Cells of earlier releases stand beside those of this one, and are the same unknown where key and value are the same. So what is told by two
//! releases together is found as if they were one table: a new row, by the difference of two totals; a hidden count that was not revised, by
//! another one that was. A release that tells a hidden count of an earlier one whatever it hides itself is refused; a count that earlier
//! releases told already is no reason to.
//!
//! # What is not promised
//!
//! - Readers who know one of the counts behind a table, say their own, are not provided for; neither are those who know which of the hidden
//!   cells are the small ones: of two that add up to k, both small, they learn that each is below k, though not what it is.
//! - A large table protected once more with its hidden cells marked [`Standing::HiddenBefore`] may have a few more hidden.
//! - Of a value that was revised, readers are taken to know nothing from the value before. Small revisions tell more than that.
//! - Several absent parts of several lines that are bound to each other by lines of absent cells alone are taken for unbound.

mod input;
mod linear;
mod model;
mod product;
mod protect;
mod relations;
#[cfg(test)]
mod tests;

// The attacker is written for whoever uses this crate, and attacks its unit tests too.
#[cfg(test)]
extern crate self as approdo_disclosure;

use std::fmt;

/// Codes of one dimension that add up to another one of it, for every combination of codes of the other dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub total: u32,
    /// All the codes that the total is the sum of, whether the table has cells of them or not.
    pub parts: Vec<u32>,
}

/// What adds up along one dimension. A code can be a part in several groups (a municipality in its province and in its union) and
/// the total of several (a region of its provinces, and of its health districts). Without groups nothing adds up along it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dimension {
    pub groups: Vec<Group>,
}

/// What everybody knows of a cell before the table is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: it can be shown or hidden.
    #[default]
    Free,
    /// Its value: published before, by us or by others, or evident (nobody of 12 is widowed). Hiding it would protect nothing, so that
    /// it is shown however small it is.
    Known,
    /// That it was hidden: it stays hidden.
    HiddenBefore,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// One code for each dimension.
    pub key: Vec<u32>,
    /// How many were counted; none where the source gives no number.
    pub value: Option<f64>,
    pub standing: Standing,
}

/// A cell of an earlier release.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierCell {
    pub key: Vec<u32>,
    /// How many were counted, whether it was shown or not.
    pub value: f64,
    pub is_shown: bool,
}

/// A table of counts with all that adds up in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    pub dimensions: Vec<Dimension>,
    pub cells: Vec<Cell>,
    /// The releases of the same table before this one, which everybody has. A cell that has the same value as then is taken for the same
    /// count: what was shown of it is known, and what was hidden stays hidden.
    pub earlier: Vec<Vec<EarlierCell>>,
}

/// What becomes of a cell. Readers are not told which of the hidden cells are which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Shown,
    /// Hidden because it is above 0 and below the threshold.
    Primary,
    /// Hidden so that others cannot be computed, or because it was hidden before.
    Complementary,
}

impl Outcome {
    pub fn is_shown(self) -> bool {
        self == Self::Shown
    }
}

/// What becomes of every cell of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// In the order of the table's cells.
    pub cells: Vec<Outcome>,
}

/// Why a table cannot be published with its small counts hidden.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The value is no whole number from 0 to 2^53: only counts are protected here.
    NotACount { key: Vec<u32>, value: f64 },
    /// The cell has more codes or fewer than there are dimensions.
    WrongKey { key: Vec<u32> },
    /// Two cells of one release have the same codes.
    Twice { key: Vec<u32> },
    /// The group has no parts, or a code twice, or what its total adds up to is a part of it in the end.
    WrongGroup { dimension: usize, total: u32 },
    /// What adds up to what could not be followed through all the cells that the table lacks.
    TooManyAbsent,
    /// What is known already tells these cells, whatever else is hidden; or no way to hide them was found within what is tried.
    Unprotectable { keys: Vec<Vec<u32>> },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACount { key, value } => write!(f, "{value} of cell {key:?} is not a count"),
            Self::WrongKey { key } => write!(f, "cell {key:?} does not have one code for each dimension"),
            Self::Twice { key } => write!(f, "cell {key:?} is there twice"),
            Self::WrongGroup { dimension, total } => {
                write!(
                    f,
                    "the group of total {total} in dimension {dimension} has no parts, a part twice, or itself within it"
                )
            }
            Self::TooManyAbsent => write!(f, "too many cells are absent to follow what adds up to what"),
            Self::Unprotectable { keys } => write!(f, "{} cells cannot be protected: {keys:?}", keys.len()),
        }
    }
}

impl std::error::Error for Refusal {}

/// Says which cells to hide so that no count above 0 and below the threshold is told by what is shown.
pub fn suppress(table: &Table, threshold: u32) -> Result<Suppression, Refusal> {
    input::check(table)?;
    let model = relations::model(table, i64::from(threshold))?;
    protect::protect(model, table)
}

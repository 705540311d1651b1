//! Territories (domain 39): a tree with ISTAT and AGS codes as text, and dated memberships of unions, conventions,
//! districts and mountain communities. Scope is made of them.

pub mod memberships;
pub mod territories;

//! Territories (domain 39): a tree in time, with every code its territories have or had, what happened to them, and dated
//! memberships of unions, conventions, districts and mountain communities. Scope is made of them.

pub mod codes;
mod dated;
pub mod event_handlers;
pub mod events;
pub mod figures;
pub mod geojson;
pub mod import;
pub mod joint_management;
pub mod kept;
pub mod memberships;
pub mod names;
pub mod recast;
pub mod searches;
pub mod subtree;
pub mod territories;
pub mod tree;

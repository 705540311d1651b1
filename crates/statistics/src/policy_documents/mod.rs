//! Policy documents (domain C3): what public bodies have resolved, what of it is done for integration, and by which indicators that is
//! followed. A register: every caller may know it, and those who keep the statistics of a document's organisation keep it.

pub mod handlers;
pub mod measure_handlers;
pub mod measures;
pub mod requests;
pub mod types;

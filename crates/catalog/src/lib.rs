//! Regions, plans and indicators that ship with the project, as data files with their readers.
//!
//! The data is under `data/`: plans and indicators transcribed from published documents, and the
//! administrative codes with their changes. The same readers take a bureau's own files, which come
//! from outside: every error in them is found in one pass and names its place, field, value and
//! what would be accepted. Nothing here touches the disk; files are handed in as text or bytes.

mod builtin;
mod changes;
mod error;
mod fields;
mod indicator_file;
mod plan_file;
mod region_csv;
mod regions;

pub use builtin::{builtin, builtin_indicators, builtin_plans};
pub use changes::{Change, ChangeKind, CodeChanges, Successor, code_changes};
pub use error::{CatalogError, Place};
pub use indicator_file::parse_indicator_file;
pub use plan_file::{PlanFile, parse_plan_file, unknown_indicators};
pub use region_csv::parse_region_csv;
pub use regions::national_regions;

//! How often each stage asks for memory: a table for people. `tests/allocations.rs` has the bounds.

use allocation_counter::measure;
use anyhow::Result;
use liandong_micro::{Allocated, County, count};

const SCHOOLS: usize = 200;
/// A few months of the county.
const BATCHES: usize = 64;

fn main() -> Result<()> {
    let county = County::new(SCHOOLS)?;
    println!(
        "{SCHOOLS} schools, {} indicators, {BATCHES} batches",
        county.indicators()
    );
    println!("{}", count(&county, BATCHES, counted)?);
    Ok(())
}

fn counted(work: &mut dyn FnMut()) -> Allocated {
    let info = measure(work);
    Allocated {
        times: info.count_total,
        bytes: info.bytes_total,
    }
}

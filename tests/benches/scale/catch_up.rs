//! A month offline over 50 kbit/s and 300 ms: the same as `cargo xtask faults --row slow_line`.

use anyhow::Result;
use liandong_tests::slow_line::{self, NotHere};

use crate::measure::Measures;
use crate::ready::ms;

/// Measures and adds it, where the machine lets it.
pub(crate) async fn run(measures: &mut Measures) -> Result<()> {
    match slow_line::catch_up().await? {
        Ok(caught_up) => {
            println!("{caught_up}");
            measures.add("catch_up_month_ms", "ms", vec![ms(caught_up.took)]);
        }
        Err(NotHere(why)) => println!("not measured: {why}"),
    }
    Ok(())
}

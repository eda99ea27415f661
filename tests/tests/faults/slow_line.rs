//! A thin, long line, and a county that was away for a month.

use anyhow::{Result, ensure};
use liandong_tests::outcome::{counted, not_run};
use liandong_tests::slow_line::{MONTH, NotHere, catch_up};

const ROW: &str = "slow line";

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row slow_line"]
async fn slow_line_catches_up_a_month() -> Result<()> {
    let caught_up = match catch_up().await? {
        Ok(caught_up) => caught_up,
        Err(NotHere(why)) => {
            not_run(ROW, &why);
            return Ok(());
        }
    };
    counted(ROW, &caught_up.to_string());
    let took = caught_up.took;
    ensure!(took < MONTH, "it took {took:?}");
    Ok(())
}

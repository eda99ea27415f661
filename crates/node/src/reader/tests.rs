//! Tests of reading what is not durable yet.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use liandong_core::event::Event;
use liandong_core::refusal::Reason;
use liandong_core::region::{Level, Region, RegionKind};
use liandong_core::state::State;
use tokio::sync::watch;
use tokio::time::timeout;

use super::Reader;

const SHORT: Duration = Duration::from_millis(50);

/// A state at frame 2, of which frame 1 is durable.
fn ahead_of_the_disk() -> (Reader, watch::Sender<u64>) {
    let mut state = State::default();
    let region = Region {
        code: "371524".parse().unwrap(),
        name: "东阿县".to_owned(),
        parent: None,
        level: Level::County,
        kind: RegionKind::Bureau,
    };
    state.apply(&Event::Hosted { region, epoch: 1 }, 2);
    let (durable, told) = watch::channel(1);
    (Reader::new(Arc::new(RwLock::new(state)), told), durable)
}

#[tokio::test]
async fn an_answer_waits_for_the_frame_it_was_computed_from() {
    let (reader, durable) = ahead_of_the_disk();
    let mut reading = Box::pin(reader.read(State::frame));
    assert!(
        timeout(SHORT, &mut reading).await.is_err(),
        "given away too early"
    );
    durable.send_replace(2);
    assert_eq!(reading.await, Ok(2));
}

#[tokio::test]
async fn what_never_became_durable_is_never_given_away() {
    let (reader, durable) = ahead_of_the_disk();
    let reading = reader.read(State::frame);
    drop(durable);
    assert_eq!(reading.await.unwrap_err().reason, Reason::Stopping);
}

#[tokio::test]
async fn what_is_durable_can_be_read_after_the_loop_has_ended() {
    let (reader, durable) = ahead_of_the_disk();
    durable.send_replace(2);
    drop(durable);
    assert_eq!(reader.read(State::frame).await, Ok(2));
}

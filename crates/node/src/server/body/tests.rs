//! Tests of the bounds on bodies, on a paused clock.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::{Body, Frame};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::answer::PIECE;
use super::messages::{Cost, Messages, UNSUSPICIOUS};
use super::request::BodyError;
use super::{AnswerBody, Open, Paid, Purse, RequestBody, Unread};
use crate::server::line::Moved;

const PATIENCE: Duration = Duration::from_secs(30);

/// Gives its parts, then nothing more for ever.
struct Parts(VecDeque<Bytes>);

impl Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.pop_front() {
            Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
            None => Poll::Pending,
        }
    }
}

fn parts(parts: &[&[u8]]) -> Parts {
    Parts(
        parts
            .iter()
            .map(|part| Bytes::copy_from_slice(part))
            .collect(),
    )
}

async fn next<B: Body + Unpin>(body: &mut B) -> Option<Result<Frame<B::Data>, B::Error>> {
    std::future::poll_fn(|task| Pin::new(&mut *body).poll_frame(task)).await
}

fn prefix(compressed: u8, length: u32) -> Vec<u8> {
    let mut bytes = vec![compressed];
    bytes.extend(length.to_be_bytes());
    bytes
}

#[tokio::test(start_paused = true)]
async fn a_message_that_never_comes_is_given_up() {
    let purse = Purse::new(4 << 20, 1 << 20);
    let mut body = RequestBody::new(parts(&[]), purse, Arc::default(), Some(PATIENCE));
    let began = Instant::now();
    let Some(Err(BodyError::Slow(_))) = next(&mut body).await else {
        panic!("nothing was taken for something");
    };
    assert_eq!(began.elapsed().as_secs(), PATIENCE.as_secs());
    assert!(next(&mut body).await.is_none(), "it goes on");
}

#[tokio::test(start_paused = true)]
async fn half_a_message_is_given_up_and_its_bytes_come_back() {
    let purse = Purse::new(4 << 20, 1 << 20);
    let paid = Arc::<Paid>::default();
    let half = [prefix(0, 100_000), vec![0; 50_000]].concat();
    let mut body = RequestBody::new(
        parts(&[&half]),
        purse.clone(),
        Arc::clone(&paid),
        Some(PATIENCE),
    );
    assert!(matches!(next(&mut body).await, Some(Ok(_))));
    assert!(purse.left() <= (4 << 20) - 50_000, "nothing was paid");
    let began = Instant::now();
    assert!(matches!(
        next(&mut body).await,
        Some(Err(BodyError::Slow(_)))
    ));
    // What has come earns time: the slowest line of the mesh has to do.
    assert!(began.elapsed() > PATIENCE && began.elapsed() < PATIENCE * 6);
    drop((body, paid));
    assert_eq!(purse.left(), 4 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_link_may_be_silent_and_owes_nothing_then() {
    let purse = Purse::new(4 << 20, 1 << 20);
    let message = [prefix(0, 3_000), vec![0; 3_000]].concat();
    let mut body = RequestBody::new(parts(&[&message]), purse.clone(), Arc::default(), None);
    assert!(matches!(next(&mut body).await, Some(Ok(_))));
    assert!(purse.left() < 4 << 20);
    let waited = timeout(Duration::from_secs(86_400), next(&mut body)).await;
    assert!(waited.is_err(), "a silent link was ended");
    assert_eq!(purse.left(), 4 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_full_node_refuses_after_a_while() {
    let purse = Purse::new(64 << 10, 1 << 20);
    let message = [prefix(0, 60_000), vec![0; 60_000]].concat();
    let first_paid = Arc::<Paid>::default();
    let new = |paid| RequestBody::new(parts(&[&message]), purse.clone(), paid, Some(PATIENCE));
    let mut first = new(Arc::clone(&first_paid));
    assert!(matches!(next(&mut first).await, Some(Ok(_))));
    let mut second = new(Arc::default());
    assert!(matches!(
        next(&mut second).await,
        Some(Err(BodyError::Full(_)))
    ));
    let mut third = new(Arc::default());
    let (third, ()) = tokio::join!(next(&mut third), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        first_paid.give_back();
    });
    assert!(matches!(third, Some(Ok(_))), "room was made in vain");
}

#[tokio::test(start_paused = true)]
async fn a_connection_has_something_to_itself() {
    let purse = Purse::new(64 << 10, 1 << 20);
    let large = [prefix(0, 90_000), vec![0; 60_000]].concat();
    let mut greedy = Vec::new();
    for _ in 0..3 {
        let paid = Arc::<Paid>::default();
        let body = RequestBody::new(parts(&[&large]), purse.clone(), paid, Some(PATIENCE));
        greedy.push(body);
    }
    for body in &mut greedy {
        let _ = timeout(Duration::from_millis(1), next(body)).await;
    }
    let modest = purse.of_connection(4 << 10);
    let small = [prefix(0, 100_000), vec![0; 1_000]].concat();
    let mut body = RequestBody::new(parts(&[&small]), modest, Arc::default(), Some(PATIENCE));
    let began = Instant::now();
    assert!(matches!(next(&mut body).await, Some(Ok(_))));
    assert!(began.elapsed().is_zero(), "the small waited for the large");
}

#[tokio::test(start_paused = true)]
async fn whoever_holds_what_others_wait_for_has_to_go_on() {
    let purse = Purse::new(64 << 10, 1 << 20);
    let half = [prefix(0, 90_000), vec![0; 32_768]].concat();
    let new = || {
        let paid = Arc::<Paid>::default();
        RequestBody::new(parts(&[&half]), purse.clone(), paid, Some(PATIENCE))
    };
    let (mut first, mut second) = (new(), new());
    assert!(matches!(next(&mut first).await, Some(Ok(_))));
    assert!(matches!(next(&mut second).await, Some(Ok(_))));
    let began = Instant::now();
    assert!(matches!(
        next(&mut first).await,
        Some(Err(BodyError::Slow(_)))
    ));
    assert!(began.elapsed() < PATIENCE / 5, "{:?}", began.elapsed());
}

#[test]
fn what_is_compressed_costs_what_it_may_unpack_to() {
    let now = Instant::now();
    let mut messages = Messages::default();
    let largest = 1 << 20;
    let begun = messages.take(&prefix(1, 16_000), largest, now);
    let expected = Cost {
        begins: true,
        bytes: 0,
    };
    assert_eq!(begun, expected);
    let half = messages.take(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0], largest, now);
    assert_eq!((half.begins, half.bytes), (false, 10));
    let rest = messages.take(&stored(16_000 - 10 - 5), largest, now);
    assert_eq!(messages.bad_after, None, "it is gzip");
    assert_eq!(rest.bytes, 16_000 - 10 + 2 * largest);
    let mut messages = Messages::default();
    // Byte by byte it costs the same, and messages follow each other.
    let two = [
        prefix(0, 3),
        vec![9; 3],
        prefix(0, 0),
        prefix(0, 2),
        vec![9; 2],
    ]
    .concat();
    let (mut bytes, mut begun) = (0, 0);
    for byte in &two {
        let cost = messages.take(&[*byte], largest, now);
        bytes += cost.bytes;
        begun += usize::from(cost.begins);
    }
    assert_eq!((bytes, begun), (5, 3));
    assert!(messages.began.is_none());
}

/// Deflate that packs nothing: one block as it is, which is not the last.
fn stored(length: u16) -> Vec<u8> {
    let mut block = vec![0];
    block.extend(length.to_le_bytes());
    block.extend((!length).to_le_bytes());
    block.resize(block.len() + usize::from(length), b'x');
    block
}

#[tokio::test(start_paused = true)]
async fn a_bomb_is_refused_before_anybody_unpacks_it() {
    let packed = |bytes: &[u8]| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    };
    // Differs from line to line, as rows do.
    let mut rows: Vec<u8> = (0..)
        .flat_map(|row: u32| {
            let mut bytes = vec![b'x'; 60];
            bytes.extend(row.wrapping_mul(2_654_435_761).to_le_bytes());
            bytes
        })
        .take(5 << 20)
        .collect();
    let large = packed(&rows);
    rows.truncate(4 << 20);
    let taken = packed(&rows);
    let empty = packed(&vec![0; UNSUSPICIOUS]);
    let bomb = packed(&vec![0; UNSUSPICIOUS * 2]);
    let purse = Purse::new(64 << 20, 16 << 20);
    for (message, is_taken) in [
        (taken, true),
        (large, false),
        (empty, true),
        (bomb, false),
        (b"no gzip at all".to_vec(), false),
    ] {
        let length = u32::try_from(message.len()).unwrap();
        let whole = [prefix(1, length), message].concat();
        let paid = Arc::<Paid>::default();
        let mut body = RequestBody::new(parts(&[&whole]), purse.clone(), paid, Some(PATIENCE));
        match next(&mut body).await {
            Some(Ok(_)) => assert!(is_taken, "too much was taken"),
            Some(Err(BodyError::Packed(_))) => assert!(!is_taken, "rows were refused"),
            _ => panic!("neither taken nor refused"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_before_a_message_that_is_no_gzip_is_taken() {
    let good = [prefix(0, 4), b"good".to_vec()].concat();
    let bad = [prefix(1, 14), b"no gzip at all".to_vec()].concat();
    let together = [&good[..], &bad, &good].concat();
    let (purse, paid) = (Purse::new(1 << 20, 1 << 20), Arc::<Paid>::default());
    let mut body = RequestBody::new(parts(&[&together]), purse, paid, Some(PATIENCE));
    let Some(Ok(first)) = next(&mut body).await else {
        panic!("what was good is lost");
    };
    assert_eq!(first.into_data().unwrap(), good);
    let fault = next(&mut body).await;
    assert!(matches!(fault, Some(Err(BodyError::Packed(_)))));
    assert!(next(&mut body).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_reads_is_noticed() {
    let (unread, moved) = (Arc::<Unread>::default(), Arc::<Moved>::default());
    let (noted, counted) = (Arc::clone(&unread), Arc::clone(&moved));
    let mut answer = AnswerBody::new(parts(&[b"first"]), noted, counted, None, Open::default());
    assert!(!unread.is_stuck(PATIENCE, &moved));
    tokio::time::advance(PATIENCE * 2).await;
    assert!(unread.is_stuck(PATIENCE, &moved), "nobody asked for it");
    assert!(matches!(next(&mut answer).await, Some(Ok(_))));
    assert!(!unread.is_stuck(PATIENCE, &moved));
    // The node itself has nothing more to say.
    let waited = timeout(PATIENCE * 4, next(&mut answer)).await;
    assert!(waited.is_err());
    assert!(!unread.is_stuck(PATIENCE, &moved));
    drop(answer);
    assert!(!unread.is_stuck(Duration::ZERO, &moved));
}

#[tokio::test(start_paused = true)]
async fn an_answer_keeps_its_turn_until_it_is_read_or_waits_for_the_node() {
    let turns = Arc::new(Semaphore::new(1));
    let new = || {
        let turn = Arc::clone(&turns).try_acquire_owned().ok();
        assert!(turn.is_some(), "a turn was kept");
        AnswerBody::new(
            parts(&[b"one"]),
            Arc::default(),
            Arc::default(),
            turn,
            Open::default(),
        )
    };
    let mut answer = new();
    assert!(matches!(next(&mut answer).await, Some(Ok(_))));
    assert_eq!(
        turns.available_permits(),
        0,
        "nobody has read it to its end"
    );
    // A stream that waits for news holds up nobody.
    assert!(timeout(PATIENCE, next(&mut answer)).await.is_err());
    assert_eq!(turns.available_permits(), 1);
    let unread = new();
    assert_eq!(turns.available_permits(), 0);
    drop(unread);
    assert_eq!(turns.available_permits(), 1);
}

#[test]
fn a_message_larger_than_what_is_taken_is_known_by_its_beginning() {
    let now = Instant::now;
    let mut messages = Messages::default();
    messages.most = 100_000;
    messages.take(&prefix(0, 100_000), usize::MAX, now());
    messages.take(&[7; 100_000], usize::MAX, now());
    assert_eq!(messages.large_after, None);
    // What came before it is told apart.
    let two = [prefix(0, 3), vec![1, 2, 3], prefix(0, 100_001)].concat();
    messages.take(&two, usize::MAX, now());
    assert_eq!((messages.large_after, messages.bad_after), (Some(8), None));

    // What is small on the line may be large when it is unpacked.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&[7; 300_000]).unwrap();
    let packed = gzip.finish().unwrap();
    assert!(packed.len() < 100_000);
    let mut messages = Messages::default();
    messages.most = 100_000;
    let length = u32::try_from(packed.len()).unwrap();
    messages.take(&prefix(1, length), usize::MAX, now());
    messages.take(&packed, usize::MAX, now());
    assert_eq!((messages.large_after, messages.bad_after), (Some(0), None));
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_handed_on_in_pieces() {
    let large = vec![7; 3 * PIECE + 5];
    let mut answer = AnswerBody::new(
        parts(&[&large, b"next"]),
        Arc::default(),
        Arc::default(),
        None,
        Open::default(),
    );
    let mut lengths = Vec::new();
    for _ in 0..5 {
        let Some(Ok(frame)) = next(&mut answer).await else {
            panic!("a piece is missing");
        };
        lengths.push(frame.into_data().map_or(0, |data| data.len()));
    }
    assert_eq!(lengths, [PIECE, PIECE, PIECE, 5, 4]);
}

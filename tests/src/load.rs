//! Clerks who push without a pause and write down what they were told.
//!
//! Each has schools of their own, so that the order of a cell's versions is known; every figure is
//! a number that no other figure has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use liandong_client::wire::progress::v1::{PushReportsRequest, Report, ReportBatch};
use liandong_client::{Client, ClientError, ConnectOptions, RetryPolicy};
use tokio::task::JoinHandle;

use crate::chance::Chance;
use crate::figures::DROPOUTS;

/// What became of a batch, as far as the one who pushed it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was acknowledged: it must be there for ever.
    Acknowledged,
    /// It was refused: it must never be there.
    Refused,
    /// No answer came: it may be there, whole, or not at all.
    Unsure,
}

/// One batch that was pushed.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The batch's id.
    pub id: String,
    /// The month of its figures.
    pub period: String,
    /// Its schools and their figures.
    pub rows: Vec<(String, i64)>,
    /// What is known of it.
    pub fate: Fate,
}

/// What one run of pushing is to do.
#[derive(Clone, Debug)]
pub struct Work {
    /// The node that takes the figures.
    pub url: String,
    /// How it is spoken to.
    pub options: ConnectOptions,
    /// The schools, which are divided among the clerks.
    pub schools: Vec<String>,
    /// How many clerks push at the same time.
    pub clerks: usize,
    /// The month of the figures.
    pub period: String,
    /// A reason for every figure, which makes it larger; at most 200 characters.
    pub note: String,
    /// Push a batch again until there is an answer, instead of going home without one.
    pub stubborn: bool,
    /// How long to wait for an answer.
    pub deadline: Duration,
}

/// Clerks at work.
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
    clerks: Vec<JoinHandle<Vec<Sent>>>,
}

/// The figures are numbered through, over all runs of one test.
pub type Numbers = Arc<AtomicI64>;

impl Load {
    /// Sends the clerks to work.
    pub fn start(work: &Work, numbers: &Numbers, chance: &mut Chance) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let refused = Arc::new(AtomicU64::new(0));
        let each = work.schools.len().div_ceil(work.clerks.max(1)).max(1);
        let clerks = work.schools.chunks(each).map(|schools| {
            let clerk = Clerk {
                work: work.clone(),
                schools: schools.to_vec(),
                numbers: Arc::clone(numbers),
                chance: Chance::clone(chance),
                stop: Arc::clone(&stop),
                refused: Arc::clone(&refused),
            };
            chance.number();
            tokio::spawn(clerk.push())
        });
        Self {
            clerks: clerks.collect(),
            stop,
            refused,
        }
    }

    /// How many batches were refused so far.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Lets the clerks finish what they are at, and returns everything that was pushed.
    ///
    /// # Errors
    /// When a clerk failed.
    pub async fn finish(self) -> Result<Vec<Sent>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut sent = Vec::new();
        for clerk in self.clerks {
            sent.extend(clerk.await.context("a clerk failed")?);
        }
        Ok(sent)
    }
}

struct Clerk {
    work: Work,
    schools: Vec<String>,
    numbers: Numbers,
    chance: Chance,
    stop: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
}

impl Clerk {
    async fn push(mut self) -> Vec<Sent> {
        let mut log: Vec<Sent> = Vec::new();
        let mut client: Option<Client> = None;
        while !self.stop.load(Ordering::Relaxed) {
            let mut sent = self.compose();
            loop {
                sent.fate = push_once(&mut client, &self.work, &sent).await;
                let again = self.work.stubborn && sent.fate == Fate::Unsure;
                if !again || self.stop.load(Ordering::Relaxed) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let fate = sent.fate;
            log.push(sent);
            match fate {
                Fate::Acknowledged => {}
                Fate::Refused => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Fate::Unsure => break,
            }
        }
        log
    }

    /// A batch with the next figure of some of the schools.
    fn compose(&mut self) -> Sent {
        let most = u64::try_from(self.schools.len()).unwrap_or(u64::MAX);
        let count = usize::try_from(self.chance.below(most) + 1).unwrap_or(1);
        let first = usize::try_from(self.chance.below(most)).unwrap_or(0);
        let mut rows = Vec::with_capacity(count);
        for at in first..first + count {
            if let Some(school) = self.schools.get(at % self.schools.len()) {
                let number = self.numbers.fetch_add(1, Ordering::Relaxed);
                rows.push((school.clone(), number));
            }
        }
        let id = rows.first().map_or(0, |(_, number)| *number);
        Sent {
            id: format!("batch-{id}."),
            period: self.work.period.clone(),
            rows,
            fate: Fate::Unsure,
        }
    }
}

/// Pushes a batch and says what is known of it then.
///
/// A connection is made when there is none and given up when no answer came on it.
pub async fn push_once(client: &mut Option<Client>, work: &Work, sent: &Sent) -> Fate {
    let ready = match client.take() {
        Some(ready) => ready,
        None => match connect(work).await {
            Ok(ready) => ready,
            Err(_) => return Fate::Unsure,
        },
    };
    let rows = sent.rows.iter().map(|(school, number)| Report {
        source: school.clone(),
        indicator: DROPOUTS.to_owned(),
        period: sent.period.clone(),
        numerator: *number,
        note: work.note.clone(),
        ..Report::default()
    });
    let request = PushReportsRequest {
        batch: Some(ReportBatch {
            id: sent.id.clone(),
            by: "测试".to_owned(),
            rows: rows.collect(),
            all_or_nothing: true,
            ..ReportBatch::default()
        }),
        all_outcomes: false,
    };
    let answer = ready.progress().push_reports(request).await;
    let fate = match &answer {
        Ok(answer) => {
            let refused = answer.counts.unwrap_or_default().refused;
            if refused == 0 {
                Fate::Acknowledged
            } else {
                Fate::Refused
            }
        }
        Err(ClientError::Refused(refusal)) => match refusal.reason.map(|reason| reason.code()) {
            Some("NO_SPACE" | "OVERLOADED") => Fate::Refused,
            _ => Fate::Unsure,
        },
        Err(_) => Fate::Unsure,
    };
    if fate != Fate::Unsure {
        *client = Some(ready);
    }
    fate
}

/// A connection whose calls are made once.
///
/// # Errors
/// When nobody answers.
pub async fn connect(work: &Work) -> Result<Client> {
    let options = ConnectOptions {
        retry: RetryPolicy::NEVER,
        deadline: work.deadline,
        ..work.options.clone()
    };
    Ok(Client::connect_with(&work.url.parse()?, options).await?)
}

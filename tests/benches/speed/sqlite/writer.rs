//! The one writer: batches that wait are taken into one transaction, which is durable when it has
//! been committed, and only then is any of them answered.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use liandong_client::wire::progress::v1::{Report, ReportBatch};
use rusqlite::{CachedStatement, Connection, Transaction, params};
use tokio::sync::{mpsc, oneshot};

use crate::province::city_of;

/// What is set on the connection; printed with the figures.
pub(super) const SETTINGS: [&str; 6] = [
    "journal_mode=WAL",
    "synchronous=FULL",
    "page_size=8192",
    "cache_size=-1048576",
    "wal_autocheckpoint=16384",
    "temp_store=MEMORY",
];

/// Batches in one transaction at most.
pub(super) const TOGETHER: usize = 64;

const FIRST: &str = "INSERT INTO figure VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
const HELD: &str = "SELECT revision, numerator, denominator FROM figure \
                    WHERE period = ?1 AND unit = ?2 AND indicator = ?3";
const CHANGE: &str = "UPDATE figure SET revision = ?4, numerator = ?5, denominator = ?6 \
                      WHERE period = ?1 AND unit = ?2 AND indicator = ?3";
const SUM: &str = "INSERT INTO summary VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                   ON CONFLICT DO UPDATE SET reported = reported + excluded.reported, \
                   numerator = numerator + excluded.numerator, \
                   denominator = denominator + excluded.denominator";
const VERSION: &str = "INSERT INTO version VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
                       ON CONFLICT DO NOTHING";

/// A batch that waits, and who is told when it is durable.
pub(super) struct Waiting {
    pub(super) batch: ReportBatch,
    pub(super) durable: oneshot::Sender<u64>,
}

/// The database of one process.
pub(super) struct Writer {
    connection: Connection,
    codes: Codes,
    keeps_versions: bool,
}

/// The numbers that codes have in the database; a code that comes for the first time gets one.
#[derive(Default)]
struct Codes {
    units: HashMap<String, i64>,
    indicators: HashMap<String, i64>,
}

/// What a transaction adds to the sums of a city: reported, numerator, denominator.
type Added = BTreeMap<(i64, &'static str, i64), (i64, i64, i64)>;

impl Writer {
    pub(super) fn create(path: &Path, keeps_versions: bool) -> Result<Self> {
        let connection = Connection::open(path)?;
        // The page size has to stand before the mode, which writes the first page.
        connection.execute_batch("PRAGMA page_size=8192")?;
        for setting in SETTINGS {
            connection.execute_batch(&format!("PRAGMA {setting}"))?;
        }
        connection.execute_batch(include_str!("schema.sql"))?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self {
            connection,
            codes: Codes::default(),
            keeps_versions,
        })
    }

    /// Takes batches until nobody sends any more.
    pub(super) fn run(mut self, mut waiting: mpsc::Receiver<Waiting>) -> Result<()> {
        while let Some(first) = waiting.blocking_recv() {
            let mut together = vec![first];
            while together.len() < TOGETHER
                && let Ok(next) = waiting.try_recv()
            {
                together.push(next);
            }
            let transaction = self.connection.transaction()?;
            for one in &together {
                take(
                    &transaction,
                    &mut self.codes,
                    &one.batch,
                    self.keeps_versions,
                )?;
            }
            transaction.commit()?;
            for one in together {
                let rows = u64::try_from(one.batch.rows.len())?;
                // Whoever is gone needs no answer.
                let _ = one.durable.send(rows);
            }
        }
        Ok(())
    }
}

fn take(
    transaction: &Transaction<'_>,
    codes: &mut Codes,
    batch: &ReportBatch,
    keeps_versions: bool,
) -> Result<()> {
    let mut first = transaction.prepare_cached(FIRST)?;
    let mut held = transaction.prepare_cached(HELD)?;
    let mut change = transaction.prepare_cached(CHANGE)?;
    let mut version = transaction.prepare_cached(VERSION)?;
    let at = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
    let at = i64::try_from(at)?;
    let mut added = Added::new();
    for (number, row) in (1_i64..).zip(&batch.rows) {
        let period = month(row)?;
        let unit = number_of(&mut codes.units, &row.source, "unit", transaction)?;
        let indicator = number_of(
            &mut codes.indicators,
            &row.indicator,
            "indicator",
            transaction,
        )?;
        let below = row.denominator.unwrap_or(0);
        let figure = params![period, unit, indicator, row.revision, row.numerator, below];
        let (reported, numerator, denominator) = if first.execute(figure)? == 1 {
            (1, row.numerator, below)
        } else {
            let (revision, was, was_below) = read(&mut held, period, unit, indicator)?;
            if revision >= row.revision {
                continue;
            }
            change.execute(figure)?;
            (0, row.numerator - was, below - was_below)
        };
        let city = city_of(&row.source)?;
        let sum = added.entry((period, city, indicator)).or_default();
        *sum = (sum.0 + reported, sum.1 + numerator, sum.2 + denominator);
        if keeps_versions {
            version.execute(params![
                batch.id,
                number,
                period,
                unit,
                indicator,
                row.revision,
                row.numerator,
                below,
                batch.by,
                at
            ])?;
        }
    }
    let mut sum = transaction.prepare_cached(SUM)?;
    for ((period, city, indicator), (reported, numerator, denominator)) in added {
        sum.execute(params![
            period,
            city,
            indicator,
            reported,
            numerator,
            denominator
        ])?;
    }
    Ok(())
}

fn read(
    held: &mut CachedStatement<'_>,
    period: i64,
    unit: i64,
    indicator: i64,
) -> Result<(u32, i64, i64)> {
    let found = held.query_row(params![period, unit, indicator], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    });
    Ok(found?)
}

fn month(row: &Report) -> Result<i64> {
    let digits = row.period.replace('-', "");
    digits
        .parse()
        .with_context(|| format!("{} is no month", row.period))
}

fn number_of(
    known: &mut HashMap<String, i64>,
    code: &str,
    table: &str,
    transaction: &Transaction<'_>,
) -> Result<i64> {
    if let Some(number) = known.get(code) {
        return Ok(*number);
    }
    let number = i64::try_from(known.len())?;
    let insert = format!("INSERT INTO {table} (id, code) VALUES (?1, ?2)");
    transaction.execute(&insert, params![number, code])?;
    known.insert(code.to_owned(), number);
    Ok(number)
}

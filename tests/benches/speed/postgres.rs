//! PostgreSQL: batches as one statement each, an upsert of arrays, every statement a transaction that
//! is durable when it is answered; over as many connections as batches are under way, so that commits
//! share their syncs. The roll-up is a GROUP BY when asked, or a table that triggers keep.

mod server;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use liandong_client::wire::progress::v1::PushReportsRequest;
use liandong_load::{PushError, Sum, Target, rows_of};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use crate::province::{Province, Rollup, city_of};
use server::Server;

const UPSERT: &str = "
    INSERT INTO figure (period, unit, indicator, city, revision, numerator, denominator)
    SELECT * FROM unnest($1::integer[], $2::integer[], $3::smallint[], $4::smallint[],
        $5::integer[], $6::bigint[], $7::bigint[])
    ON CONFLICT (period, unit, indicator) DO UPDATE SET
        revision = excluded.revision,
        numerator = excluded.numerator,
        denominator = excluded.denominator
    WHERE figure.revision < excluded.revision";

const ROLLUP_GROUPED: &str = "
    SELECT period, city, indicator, count(*), sum(numerator)::bigint, sum(denominator)::bigint
    FROM figure WHERE period = ANY($1) GROUP BY period, city, indicator";

const ROLLUP_SUMMED: &str = "
    SELECT period, city, indicator, reported, numerator, denominator
    FROM summary WHERE period = ANY($1)";

/// How the roll-up is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Computed when asked.
    GroupBy,
    /// Kept by triggers.
    Summary,
}

/// Codes as the numbers that the database has for them.
#[derive(Default)]
struct Numbers {
    units: HashMap<String, i32>,
    cities: HashMap<String, i16>,
    indicators: HashMap<String, i16>,
}

/// A server with its tables.
pub(crate) struct Postgres {
    server: Server,
    numbers: Arc<Numbers>,
    kept: Kept,
}

/// One connection.
#[derive(Clone)]
pub(crate) struct Line {
    client: Arc<Client>,
    upsert: Statement,
    rollup: Statement,
    numbers: Arc<Numbers>,
}

/// What it runs with.
pub(crate) fn settings() -> Result<Vec<String>> {
    server::settings()
}

impl Postgres {
    /// A fresh cluster with empty tables.
    pub(crate) async fn start(province: &Province, kept: Kept) -> Result<Self> {
        let server = Server::start().await?;
        let client = server.connect().await?;
        client
            .batch_execute(include_str!("postgres/schema.sql"))
            .await?;
        if kept == Kept::Summary {
            client
                .batch_execute(include_str!("postgres/summary.sql"))
                .await?;
        }
        let numbers = Numbers::of(province)?;
        numbers.write(&client).await?;
        Ok(Self {
            server,
            numbers: Arc::new(numbers),
            kept,
        })
    }

    /// So many connections.
    pub(crate) async fn lines(&self, count: usize) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        let rollup = match self.kept {
            Kept::GroupBy => ROLLUP_GROUPED,
            Kept::Summary => ROLLUP_SUMMED,
        };
        for _ in 0..count {
            let client = self.server.connect().await?;
            lines.push(Line {
                upsert: client.prepare(UPSERT).await?,
                rollup: client.prepare(rollup).await?,
                client: Arc::new(client),
                numbers: Arc::clone(&self.numbers),
            });
        }
        Ok(lines)
    }

    pub(crate) fn cpu(&self) -> Result<Duration> {
        self.server.cpu()
    }

    /// What autovacuum would do sooner or later, so that queries are asked of known tables.
    pub(crate) async fn analyze(&self) -> Result<()> {
        let client = self.server.connect().await?;
        Ok(client.batch_execute("VACUUM ANALYZE").await?)
    }
}

impl Numbers {
    fn of(province: &Province) -> Result<Self> {
        let mut numbers = Self::default();
        for (number, city) in (0..).zip(&province.cities) {
            numbers.cities.insert(city.clone(), number);
        }
        for (number, indicator) in (0..).zip(&province.indicators) {
            numbers.indicators.insert(indicator.clone(), number);
        }
        let batches = province.load.requests.iter();
        for row in batches.filter_map(|one| one.batch.as_ref()) {
            for row in &row.rows {
                if !numbers.units.contains_key(&row.source) {
                    let number = i32::try_from(numbers.units.len())?;
                    numbers.units.insert(row.source.clone(), number);
                }
            }
        }
        Ok(numbers)
    }

    async fn write(&self, client: &Client) -> Result<()> {
        let (codes, ids): (Vec<&str>, Vec<i32>) = self
            .units
            .iter()
            .map(|(code, id)| (code.as_str(), id))
            .unzip();
        let insert = "INSERT INTO unit (code, id) SELECT * FROM unnest($1::text[], $2::integer[])";
        client.execute(insert, &[&codes, &ids]).await?;
        for (table, numbers) in [("city", &self.cities), ("indicator", &self.indicators)] {
            let (codes, ids): (Vec<&str>, Vec<i16>) =
                numbers.iter().map(|(code, id)| (code.as_str(), id)).unzip();
            let insert = format!(
                "INSERT INTO {table} (code, id) SELECT * FROM unnest($1::text[], $2::smallint[])"
            );
            client.execute(&insert, &[&codes, &ids]).await?;
        }
        Ok(())
    }
}

/// `2025-03` as 202503.
fn month(period: &str) -> Option<i32> {
    period.replace('-', "").parse().ok()
}

/// A batch as the arrays of a statement.
#[derive(Default)]
struct Columns {
    periods: Vec<i32>,
    units: Vec<i32>,
    indicators: Vec<i16>,
    cities: Vec<i16>,
    revisions: Vec<i32>,
    numerators: Vec<i64>,
    denominators: Vec<i64>,
}

impl Columns {
    /// `None` when a code is not known.
    fn of(request: &PushReportsRequest, numbers: &Numbers) -> Option<Self> {
        let mut columns = Self::default();
        for row in &request.batch.as_ref()?.rows {
            columns.periods.push(month(&row.period)?);
            columns.units.push(*numbers.units.get(&row.source)?);
            columns
                .indicators
                .push(*numbers.indicators.get(&row.indicator)?);
            let city = city_of(&row.source).ok()?;
            columns.cities.push(*numbers.cities.get(city)?);
            columns.revisions.push(i32::try_from(row.revision).ok()?);
            columns.numerators.push(row.numerator);
            columns.denominators.push(row.denominator.unwrap_or(0));
        }
        Some(columns)
    }
}

impl Line {
    /// The roll-up of these months.
    pub(crate) async fn rollup(&self, months: &[i32]) -> Result<Vec<tokio_postgres::Row>> {
        Ok(self.client.query(&self.rollup, &[&months]).await?)
    }

    /// The roll-up of a whole year, with codes again.
    pub(crate) async fn year(&self, province: &Province) -> Result<Rollup> {
        let months: Vec<i32> = (202_501..=202_512).collect();
        let mut rollup = Rollup::new();
        for row in self.rollup(&months).await? {
            let period: i32 = row.get(0);
            let city = usize::try_from(row.get::<_, i16>(1))?;
            let indicator = usize::try_from(row.get::<_, i16>(2))?;
            let cell = (
                province.cities.get(city).context("no such city")?.clone(),
                province
                    .indicators
                    .get(indicator)
                    .context("no such indicator")?
                    .clone(),
                format!("{}-{:02}", period / 100, period % 100),
            );
            let sum = Sum {
                reported: u64::try_from(row.get::<_, i64>(3))?,
                numerator: row.get(4),
                denominator: row.get(5),
            };
            rollup.insert(cell, sum);
        }
        Ok(rollup)
    }
}

impl Target for Line {
    type Error = tokio_postgres::Error;

    async fn push(&self, request: Arc<PushReportsRequest>) -> Result<u64, PushError<Self::Error>> {
        let sent = u64::try_from(rows_of(&request)).unwrap_or(u64::MAX);
        let Some(columns) = Columns::of(&request, &self.numbers) else {
            let (taken, refused) = (0, sent);
            return Err(PushError::NotTaken {
                sent,
                taken,
                refused,
            });
        };
        let values: [&(dyn ToSql + Sync); 7] = [
            &columns.periods,
            &columns.units,
            &columns.indicators,
            &columns.cities,
            &columns.revisions,
            &columns.numerators,
            &columns.denominators,
        ];
        loop {
            // How many it changed: a repetition changes none and is taken all the same.
            match self.client.execute(&self.upsert, &values).await {
                Ok(_) => return Ok(sent),
                // Whoever locks rows is to expect this, and to try again.
                Err(error) if error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED) => {}
                Err(error) => return Err(PushError::Target(error)),
            }
        }
    }
}

//! SQLite behind the same gRPC service, in a process of its own: a write-ahead log that is synced with
//! every transaction, and as many waiting batches in one transaction as there are.

mod server;
mod writer;

use anyhow::Result;
use liandong_client::Client;
use liandong_load::Sum;
use rusqlite::{Connection, OpenFlags, params};
use tempfile::TempDir;

use crate::peer::{Own, folder};
use crate::province::Rollup;

pub(crate) use server::serve;

/// The argument that turns this program into the server; the database and what it keeps follow.
pub(crate) const SERVER: &str = "--sqlite-server";
/// Keeps every version that was taken.
pub(crate) const VERSIONS: &str = "versions";
/// Keeps the newest version of each figure.
pub(crate) const NEWEST: &str = "newest";

/// A server with an empty database.
pub(crate) struct Sqlite {
    pub(crate) server: Own,
    url: String,
    home: TempDir,
}

/// What it runs with.
pub(crate) fn settings() -> Vec<String> {
    let mut settings: Vec<String> = writer::SETTINGS.iter().map(|&one| one.to_owned()).collect();
    settings.push(format!("sqlite {}", rusqlite::version()));
    settings.push(format!("up to {} batches a transaction", writer::TOGETHER));
    settings
}

impl Sqlite {
    pub(crate) async fn start(keeps: &str) -> Result<Self> {
        let home = folder()?;
        let path = home.path().join("figures.db");
        let path = path.to_string_lossy();
        let (server, url) = Own::start(&[SERVER, &path, keeps]).await?;
        Ok(Self { server, url, home })
    }

    pub(crate) async fn lines(&self, count: usize) -> Result<Vec<Client>> {
        crate::server::lines(&self.url, count).await
    }

    /// A reader in this process: no line lies between it and the database.
    pub(crate) fn reader(&self) -> Result<Connection> {
        let path = self.home.path().join("figures.db");
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.execute_batch("PRAGMA cache_size=-262144")?;
        Ok(connection)
    }
}

/// The roll-up of the months from one to another.
pub(crate) fn rollup(reader: &Connection, from: i64, to: i64) -> Result<Rollup> {
    let mut statement = reader.prepare_cached(
        "SELECT period, city, code, reported, numerator, denominator \
         FROM summary JOIN indicator ON indicator.id = summary.indicator \
         WHERE period BETWEEN ?1 AND ?2",
    )?;
    let mut rows = statement.query(params![from, to])?;
    let mut rollup = Rollup::new();
    while let Some(row) = rows.next()? {
        let period: i64 = row.get(0)?;
        let period = format!("{}-{:02}", period / 100, period % 100);
        let reported: i64 = row.get(3)?;
        let sum = Sum {
            reported: u64::try_from(reported)?,
            numerator: row.get(4)?,
            denominator: row.get(5)?,
        };
        rollup.insert((row.get(1)?, row.get(2)?, period), sum);
    }
    Ok(rollup)
}

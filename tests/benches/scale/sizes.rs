//! How much is measured: every size is a variable, and all of them are small for a try.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Set to see within seconds that everything works.
const TRY: &str = "LIANDONG_SCALE_TRY";

/// How much is measured.
#[derive(Clone, Debug)]
pub(crate) struct Sizes {
    /// `LIANDONG_SCALE_TRY`: whether this is no more than a try.
    pub(crate) is_try: bool,
    /// `LIANDONG_SCALE_ROUNDS`: rounds of everything that is repeated.
    pub(crate) rounds: usize,
    /// `LIANDONG_SCALE_CONNECTIONS`: numbers of connections, ascending, with commas; the largest is
    /// the number of schools, too.
    pub(crate) connections: Vec<usize>,
    /// `LIANDONG_SCALE_MONTHS`: months that each school reports in a round of connections.
    pub(crate) months: usize,
    /// `LIANDONG_SCALE_COUNTIES`: counties of the country.
    pub(crate) counties: usize,
    /// `LIANDONG_SCALE_CELLS`: cells for the restart.
    pub(crate) cells: usize,
    /// `LIANDONG_SCALE_SCHOOLS`: schools of the county that is corrected every day.
    pub(crate) schools: usize,
    /// `LIANDONG_SCALE_DAYS`: days of its year.
    pub(crate) days: usize,
    /// `LIANDONG_SCALE_SECONDS`: seconds of a round from county to province.
    pub(crate) seconds: usize,
    /// `LIANDONG_SCALE_RATE`: batches a second in it.
    pub(crate) rate: usize,
    /// `LIANDONG_SCALE_BATCHES`: batches in a round of the bytes that go up.
    pub(crate) batches: usize,
    /// `LIANDONG_SCALE_STEADY_SECONDS`: how long the steady load lasts; an hour with `--long`.
    pub(crate) steady_seconds: usize,
    /// `LIANDONG_SCALE_STEADY_RATE`: reports a second in it.
    pub(crate) steady_rate: usize,
}

impl Sizes {
    /// What the variables say.
    pub(crate) fn read(long: bool) -> Result<Self> {
        let is_try = std::env::var_os(TRY).is_some_and(|value| !value.is_empty());
        let number = |name: &str, full: usize, small: usize| -> Result<usize> {
            let variable = format!("LIANDONG_SCALE_{name}");
            let usual = if is_try { small } else { full };
            let number = match std::env::var(&variable) {
                Ok(text) => text
                    .parse()
                    .with_context(|| format!("{variable}={text} is not a number"))?,
                Err(_) => usual,
            };
            ensure!(number > 0, "{variable} is 0: give at least 1");
            Ok(number)
        };
        Ok(Self {
            is_try,
            rounds: number("ROUNDS", 5, 2)?,
            connections: connections(is_try)?,
            months: number("MONTHS", 12, 1)?,
            counties: number("COUNTIES", 3_000, 60)?,
            cells: number("CELLS", 10_000_000, 100_000)?,
            schools: number("SCHOOLS", 200, 20)?,
            days: number("DAYS", 365, 35)?.min(365),
            seconds: number("SECONDS", 10, 3)?,
            rate: number("RATE", 20, 20)?,
            batches: number("BATCHES", 5, 2)?,
            steady_seconds: number("STEADY_SECONDS", if long { 3_600 } else { 60 }, 6)?,
            steady_rate: number("STEADY_RATE", 4_000, 4_000)?,
        })
    }

    /// As they are written beside the figures.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "try": self.is_try,
            "rounds": self.rounds,
            "connections": self.connections,
            "months": self.months,
            "counties": self.counties,
            "cells": self.cells,
            "schools": self.schools,
            "days": self.days,
            "seconds": self.seconds,
            "rate": self.rate,
            "batches": self.batches,
            "steady_seconds": self.steady_seconds,
            "steady_rate": self.steady_rate,
        })
    }
}

fn connections(is_try: bool) -> Result<Vec<usize>> {
    let variable = "LIANDONG_SCALE_CONNECTIONS";
    let usual = if is_try { "10,100" } else { "10,100,1000,3000" };
    let text = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let number: usize = part
            .trim()
            .parse()
            .with_context(|| format!("{variable}={text}: {part:?} is not a number"))?;
        ensure!(number >= 10, "{variable}={text}: each is at least 10");
        numbers.push(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

//! Pages of the history of one figure, as they are asked for.
//!
//! A page token says where the history goes on: it is checked here to be one that a node gave for
//! this figure, and by the node to name a place that its journal has. It keeps nothing secret.

use liandong_core::indicator::IndicatorCode;
use liandong_core::period::Period;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;

use super::v1;
use crate::read;

/// The most versions of a page; who asks for more is given as many.
pub const MAX_HISTORY_PAGE: u16 = 1_000;

/// Names one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureKey {
    /// The unit or bureau that reported.
    pub source: RegionCode,
    /// What was reported.
    pub indicator: IndicatorCode,
    /// For which period.
    pub period: Period,
}

/// Asks for one page of the history of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryPage {
    /// Whose history.
    pub figure: FigureKey,
    /// How many versions, 1 to [`MAX_HISTORY_PAGE`].
    pub size: u16,
    /// Where the page begins; `None` for the newest version.
    pub from: Option<HistoryPlace>,
}

/// Where a history goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryPlace {
    /// The journal frame to look into.
    pub frame: u64,
    /// The versions that follow have a lower revision than this one.
    pub below: u32,
}

impl HistoryPlace {
    const BYTES: usize = 16;

    /// The page token for this place in the history of `figure`.
    pub fn token(self, figure: &FigureKey) -> String {
        let bytes = self.bytes(figure);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a page token that was given for `figure`.
    ///
    /// # Errors
    /// A refusal of any other text.
    pub fn from_token(token: &str, figure: &FigureKey) -> Result<Self, Refusal> {
        let number = u128::from_str_radix(token, 16).map_err(|_| Self::refused(token))?;
        let [a, b, c, d, e, f, g, h, below @ .., _, _, _, _] = number.to_be_bytes();
        let place = Self {
            frame: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            below: u32::from_be_bytes(below),
        };
        // Compared as text, so that one place has one token.
        if place.token(figure) == token {
            Ok(place)
        } else {
            Err(Self::refused(token))
        }
    }

    /// Refuses a page token that names no place in the history that was asked for.
    pub fn refused(token: &str) -> Refusal {
        Refusal::advise(
            Reason::Malformed,
            "page_token",
            token,
            "请填同一单位、指标、周期上一页的 next_page_token；从头列出请留空",
            "give the next_page_token of the page before, for the same source, indicator and \
             period; or leave it empty to begin with the newest version",
        )
    }

    /// Frame, revision, and what tells tokens for this figure from all others.
    fn bytes(self, figure: &FigureKey) -> [u8; Self::BYTES] {
        let FigureKey {
            source,
            indicator,
            period,
        } = figure;
        let [frame, below] = [self.frame, self.below.into()];
        let named = format!("{source} {indicator} {period} {frame} {below}");
        let digest = blake3::hash(named.as_bytes());
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.frame.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.below.to_be_bytes());
        bytes[12..].copy_from_slice(&digest.as_bytes()[..4]);
        bytes
    }
}

impl TryFrom<v1::ListHistoryRequest> for HistoryPage {
    type Error = Refusal;

    fn try_from(request: v1::ListHistoryRequest) -> Result<Self, Refusal> {
        let v1::ListHistoryRequest {
            source,
            indicator,
            period,
            page_size,
            page_token,
        } = request;
        let figure = FigureKey {
            source: read::region("source", &source)?,
            indicator: read::indicator("indicator", &indicator)?,
            period: read::period("period", &period)?,
        };
        if page_size < 0 {
            let accepted = Accepted::Range(0, MAX_HISTORY_PAGE.into());
            return Err(Refusal::new(
                Reason::OutOfRange,
                "page_size",
                page_size,
                accepted,
            ));
        }
        let size = match u16::try_from(page_size) {
            Ok(0) | Err(_) => MAX_HISTORY_PAGE,
            Ok(size) => size.min(MAX_HISTORY_PAGE),
        };
        let from = if page_token.is_empty() {
            None
        } else {
            Some(HistoryPlace::from_token(&page_token, &figure)?)
        };
        Ok(Self { figure, size, from })
    }
}

#[cfg(test)]
mod tests;

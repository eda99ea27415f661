//! Which regions a trust domain may speak for: another province's authority vouches for its own
//! regions and for nobody else's.

use std::fmt;
use std::str::FromStr;

use liandong_core::region::RegionCode;
use thiserror::Error;

/// What a beginning of codes ends with.
const REST: char = '*';

/// Regions by their codes, or by what their codes begin with: in GB/T 2260 all codes of a province
/// have its first two digits, those of a city its first four.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Regions {
    /// All of them.
    All,
    /// Those that one of these names; none where there is none.
    Named(Vec<RegionPattern>),
}

/// A region's code, or the beginning of codes followed by `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionPattern {
    /// A code is made of what a beginning is made of, so it holds both.
    text: RegionCode,
    is_beginning: bool,
}

/// A text that names no regions.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{text:?} names no regions: write a code like 500243, or the beginning of codes and a star like 50*"
)]
pub struct NoRegionPattern {
    /// The text, as far as a message can bear it.
    pub text: String,
}

impl Regions {
    /// Whether a region is among them.
    pub fn include(&self, region: RegionCode) -> bool {
        match self {
            Self::All => true,
            Self::Named(patterns) => patterns.iter().any(|pattern| pattern.matches(region)),
        }
    }

    /// Reads a file of them: one in a line; what follows a `#` is for people.
    ///
    /// # Errors
    /// [`NoRegionPattern`].
    pub fn read(text: &str) -> Result<Self, NoRegionPattern> {
        let mut patterns = Vec::new();
        for line in text.lines() {
            let said = line.split('#').next().unwrap_or_default().trim();
            if !said.is_empty() {
                patterns.push(said.parse()?);
            }
        }
        Ok(Self::Named(patterns))
    }
}

impl RegionPattern {
    fn matches(&self, region: RegionCode) -> bool {
        if self.is_beginning {
            region.as_str().starts_with(self.text.as_str())
        } else {
            region == self.text
        }
    }
}

impl FromStr for RegionPattern {
    type Err = NoRegionPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let beginning = text.strip_suffix(REST);
        let code = beginning.unwrap_or(text).parse();
        // A star alone would be everybody: whoever means that has one authority, not two.
        let code: RegionCode = code.map_err(|_| NoRegionPattern {
            text: text.chars().take(32).collect(),
        })?;
        Ok(Self {
            text: code,
            is_beginning: beginning.is_some(),
        })
    }
}

impl fmt::Display for RegionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = if self.is_beginning { "*" } else { "" };
        write!(f, "{}{rest}", self.text)
    }
}

impl fmt::Display for Regions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Named(patterns) => {
                let named: Vec<String> = patterns.iter().map(ToString::to_string).collect();
                f.write_str(&named.join(" "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Regions;

    fn includes(text: &str, region: &str) -> bool {
        let regions = Regions::read(text).expect("regions");
        regions.include(region.parse().expect("a code"))
    }

    #[test]
    fn a_region_is_included_by_its_code_or_by_what_it_begins_with() {
        let text = "# Chongqing\n50*   # and below\n\n371524\n";
        for region in ["500000", "500243", "500243-01", "371524"] {
            assert!(includes(text, region), "{region}");
        }
        for region in ["370000", "37152", "371524-01", "5", "05"] {
            assert!(!includes(text, region), "{region}");
        }
        assert!(!includes("", "500000"));
        assert!(Regions::All.include("370000".parse().expect("a code")));
        assert_eq!(
            Regions::read(text).expect("regions").to_string(),
            "50* 371524"
        );
    }

    #[test]
    fn what_names_no_regions_is_refused() {
        for text in ["*", "**", "50 *", "50*0", "五*", "50;*"] {
            assert!(Regions::read(text).is_err(), "{text}");
        }
    }
}

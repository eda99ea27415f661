//! The services of a whole node over its real port: what a client sees.

#[cfg(test)]
mod aid;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod rollups;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tasks;

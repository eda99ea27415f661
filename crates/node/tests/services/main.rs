//! The services of a whole node over its real port: what a client and what a peer sees.

#[cfg(test)]
mod aid;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod converging;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod files;
#[cfg(test)]
mod history;
#[cfg(test)]
mod identities;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod links;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod poison;
#[cfg(test)]
mod port;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod restarts;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod rollups;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod traffic;

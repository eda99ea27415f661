//! Links over a line as it is in the mountains: 50 kbit/s, 150 ms each way, in simulated time.

#[cfg(test)]
mod catching_up;
#[cfg(test)]
mod county;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod slow;
